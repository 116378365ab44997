/** Many agents at once: a registration a line in, its result a line out, as they come. */
import * as z from "zod";
import { refresh } from "../../mesh/federation/refresh.ts";
import {
  AGENT_BYTES,
  BATCH_BYTES,
  BATCH_LINES,
  BATCH_SERVERS,
  BATCH_SERVERS_AT_ONCE,
  DROPPED_BODY_BYTES,
} from "../../mesh/limits.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import type { Changer } from "../../mesh/registry/enrol.ts";
import type { Agent } from "../../mesh/schema.ts";
import { type App, otherMethods } from "../app.ts";
import { Enrolment } from "../batch/enrolment.ts";
import { Results } from "../batch/results.ts";
import { mediaTypeOf } from "../body.ts";
import { linesIn } from "../ndjson.ts";
import { Refused } from "../problem.ts";
import { readQuery } from "../query.ts";
import { mayRegister } from "./agents.ts";

const PATH = "/v1/agents:batch";
export const NDJSON = "application/x-ndjson";
const MEDIA_TYPES = new Set([NDJSON, "application/ndjson", "application/jsonl"]);

export const BatchQuery = z.strictObject({ replace: z.enum(["true", "false"]).default("false") });

export function agentBatchRoutes(app: App): void {
  app.post(PATH, (c) => {
    const { mesh, changer } = mayRegister(c.get("identity"));
    const { replace } = readQuery(c.req.url, BatchQuery);
    const request = c.req.raw;
    const type = mediaTypeOf(request);
    if (!MEDIA_TYPES.has(type)) {
      const detail = `The body must be ${NDJSON}, a registration a line; it was sent as '${type || "nothing"}'.`;
      throw new Refused({ code: "unsupported_media_type", detail });
    }
    const results = new Results();
    enrolAll(request.body, { mesh, changer, replace: replace === "true" }, results)
      .catch((error: unknown) => console.error("a batch has broken off", error))
      .finally(() => results.end());
    return new Response(results.stream, { headers: { "content-type": NDJSON } });
  });
  otherMethods(app, PATH, "POST");
}

const TOO_LARGE = `A batch has at most ${BATCH_LINES} lines and ${BATCH_BYTES} bytes. Send the rest in another one.`;

interface Order {
  readonly mesh: Mesh;
  readonly changer: Changer;
  readonly replace: boolean;
}

/** Never waits for whoever reads the results: most clients send all before they read. */
async function enrolAll(body: ReadableStream<Uint8Array> | null, order: Order, results: Results): Promise<void> {
  if (body === null) return;
  const enrolment = new Enrolment(order, results);
  let bytes = 0;
  let over = Number.POSITIVE_INFINITY;
  for await (const line of linesIn(body, AGENT_BYTES, (more) => (bytes += more))) {
    // Whoever has left wants no more of it; what is registered stays.
    if (results.left) return;
    if (over < bytes) {
      // Most clients send all before they read what was refused.
      if (bytes - over > DROPPED_BODY_BYTES) break;
    } else if (line.number > BATCH_LINES || bytes > BATCH_BYTES) {
      over = bytes - 1;
      await enrolment.flush();
      results.refused(line.number, undefined, { code: "payload_too_large", detail: TOO_LARGE });
    } else {
      await enrolment.take(line);
    }
  }
  await enrolment.flush();
  await askServers(order.mesh, enrolment.servers);
}

/** The tools of the MCP servers that a batch has brought. One that can't be reached says why when it is read. */
async function askServers(mesh: Mesh, servers: readonly Agent[]): Promise<void> {
  const waiting = servers.slice(0, BATCH_SERVERS);
  const ask = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await refresh(mesh, next);
  };
  await Promise.all(Array.from({ length: BATCH_SERVERS_AT_ONCE }, ask));
}
