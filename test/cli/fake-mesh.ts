/** A server that answers as a test tells it to, and a command line run against it in this process. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { stripVTControlCharacters } from "node:util";
import { afterEach } from "vitest";
import { run } from "../../cli/program.ts";
import type { Surroundings } from "../../cli/terminal.ts";

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** Answers one request: the body of a success, or what it writes itself. */
export type Answer = (asked: Asked, response: ServerResponse) => unknown;

export class FakeMesh {
  readonly url: string;
  readonly asked: Asked[] = [];
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(answer: Answer): Promise<FakeMesh> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const { method = "", url = "", headers } = request;
      const asked = { method, url, headers, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
      mesh.asked.push(asked);
      const body = await answer(asked, response);
      if (response.headersSent) return;
      response
        .setHeader("content-type", "application/json")
        .end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const mesh = new FakeMesh(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    });
    return mesh;
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** Starts fakes that end with the test that started them. */
export function fakes(): (answer: Answer) => Promise<FakeMesh> {
  const started: FakeMesh[] = [];
  afterEach(async () => {
    for (const mesh of started.splice(0)) await mesh.close();
  });
  return async (answer) => {
    const mesh = await FakeMesh.start(answer);
    started.push(mesh);
    return mesh;
  };
}

export function problem(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ status, ...body }));
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly isTTY?: boolean;
  readonly stdin?: string;
  readonly cwd?: string;
  readonly interrupted?: AbortSignal;
  readonly rows?: number;
}

/** Epoch milliseconds of every run. */
export const NOW = 1_700_000_000_000;

export async function hopline(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const written = { out: "", err: "" };
  const screen = (stream: "out" | "err") => ({
    write: (text: string) => {
      written[stream] += text;
    },
    isTTY: options.isTTY ?? false,
    rows: options.rows ?? 24,
    columns: 80,
  });
  const around: Surroundings = {
    stdout: screen("out"),
    stderr: screen("err"),
    readStdin: async () => options.stdin ?? "",
    env: options.env ?? {},
    cwd: options.cwd ?? tmpdir(),
    now: () => NOW,
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  return { code: await run(args, around), ...written };
}

export const uncoloured = stripVTControlCharacters;
