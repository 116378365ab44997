/** Agents that are ill, each in its own way: one server on loopback, an illness a path. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Registration } from "./client.ts";

type Illness = (response: ServerResponse, call: number) => void | Promise<void>;

const JSON_TYPE = { "content-type": "application/json" };
const PIECE = Buffer.alloc(64 * 1_024, " ");

/** As fast as the other side takes it, until it leaves or `bytes` are there. */
async function pour(response: ServerResponse, bytes: number): Promise<void> {
  const closed = new Promise((done) => response.once("close", done));
  for (let sent = 0; sent < bytes && !response.destroyed; sent += PIECE.byteLength) {
    if (response.write(PIECE)) continue;
    await Promise.race([new Promise((done) => response.once("drain", done)), closed]);
  }
  response.end();
}

/** 64 MiB of blanks in as many kilobytes. */
let packed: Buffer | undefined;
function bomb(): Buffer {
  packed ??= gzipSync(Buffer.alloc(64 * 2 ** 20, " "), { level: 1 });
  return packed;
}

const ILLNESSES = {
  slow: async (response) => {
    await sleep(30_000, undefined, { ref: false });
    response.writeHead(200, JSON_TYPE).end('{"output":"late"}');
  },
  "html-as-json": (response) => void response.writeHead(200, JSON_TYPE).end("<!doctype html><p>Welcome"),
  "json-as-stream": (response) =>
    void response.writeHead(200, { "content-type": "text/event-stream" }).end('{"output":1}'),
  endless: (response) => pour(response.writeHead(200, JSON_TYPE), Number.POSITIVE_INFINITY),
  "wrong-schema": (response) => void response.writeHead(200, JSON_TYPE).end('{"output":"a text"}'),
  dripping: async (response) => {
    response.writeHead(200, JSON_TYPE);
    while (!response.destroyed) {
      response.write(" ");
      await sleep(50, undefined, { ref: false });
    }
  },
  gigabyte: (response) => pour(response.writeHead(200, { ...JSON_TYPE, "content-length": 2 ** 30 }), 2 ** 30),
  bomb: (response) => void response.writeHead(200, { ...JSON_TYPE, "content-encoding": "gzip" }).end(bomb()),
  "endless-pieces": async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const closed = new Promise((done) => response.once("close", done));
    const event = `event: chunk\ndata: "${"x".repeat(64 * 1_024)}"\n\n`;
    while (!response.destroyed) {
      if (!response.write(event)) await Promise.race([new Promise((done) => response.once("drain", done)), closed]);
    }
  },
  cut: (response) => {
    response.writeHead(200, { ...JSON_TYPE, "content-length": 1_000 });
    response.write('{"output":', () => response.destroy());
  },
  flapping: (response, call) => {
    if (call % 2 === 0) response.writeHead(503, JSON_TYPE).end("{}");
    else response.writeHead(200, JSON_TYPE).end('{"output":{"well":true}}');
  },
  broken: (response) => void response.destroy(),
} satisfies Record<string, Illness>;

export const SICK_KINDS = [...Object.keys(ILLNESSES), "dead"];

export interface SickHost {
  readonly port: number;
  close(): Promise<void>;
}

export async function serveSick(): Promise<SickHost> {
  const calls = new Map<string, number>();
  const illnesses: Readonly<Record<string, Illness>> = ILLNESSES;
  const server = createServer((request, response) => {
    request.resume();
    response.on("error", () => undefined);
    const kind = (request.url ?? "").slice(1);
    const call = calls.get(kind) ?? 0;
    calls.set(kind, call + 1);
    void illnesses[kind]?.(response, call);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** How they are registered. The dead one is at port 9, where nobody listens. */
export function sickRegistrations(port: number, timeoutMs: number): Registration[] {
  return SICK_KINDS.map((kind) => ({
    name: `sick-${kind}`,
    version: "1.0.0",
    endpoint: { kind: "http", url: `http://127.0.0.1:${kind === "dead" ? 9 : port}/${kind}` },
    skills: [{ id: "work", outputSchema: { type: "object" } }],
    timeoutMs,
  }));
}
