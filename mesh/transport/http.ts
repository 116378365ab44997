/** Agents that speak JSON over HTTP (docs/design.md, 6a). */
import * as z from "zod";
import { ReportedUsage } from "../budget.ts";
import { egressFetch } from "../egress/fetch.ts";
import { isTooDeep } from "../hop/payload.ts";
import { BODY_BYTES, JSON_DEPTH } from "../limits.ts";
import { AnswerStream } from "./answer-stream.ts";
import { parseJson } from "./json.ts";
import { type Delivered, type Delivery, failed, NO_USAGE, type Transport } from "./transport.ts";

/** What an agent answers with 200. Further members are allowed: the next version may read them. */
const AgentAnswer = z.object({ output: z.unknown(), usage: ReportedUsage.optional() });
/** Characters of an upstream's own words that are kept. */
const DETAIL_CHARS = 1_000;
/** What an agent answers that can't work now, or a proxy whose agent is gone. */
const SICK = new Set([502, 503, 504]);
/** One that is busy is not sick. */
const TRANSIENT = new Set([429, ...SICK]);

export const http: Transport = async (delivery) => {
  const { agent, mesh, signal } = delivery;
  if (agent.endpoint.kind !== "http") throw new TypeError("An http transport was given another endpoint.");
  const stream = new AnswerStream(delivery.hop);
  const result = await egressFetch(
    agent.endpoint.url,
    {
      method: "POST",
      headers: await headersOf(delivery),
      body: bodyOf(delivery),
      signal,
      maxBytes: BODY_BYTES,
      reader: (status, headers) => stream.reader(status, headers),
    },
    mesh.egress,
  );
  if (stream.refused !== undefined) return failed(stream.refused);
  if (!result.ok) return failed(result.rejection, { transient: result.connection, sick: result.connection });
  const { status, headers } = result.answer;
  const body = stream.result ?? result.answer.body;
  if (stream.taken && stream.result === undefined) {
    return upstream(`Agent '${agent.name}' ended its stream without an event 'result' or 'problem'.`);
  }
  if (stream.failed) return upstream(`Agent '${agent.name}' gave up${saidIn(body)}`);
  return status === 200 ? readAnswer(agent.name, body) : readFailure(agent.name, status, headers, body);
};

function bodyOf({ inputJson, skill }: Delivery): string {
  return `{"input":${inputJson},"skill":${JSON.stringify(skill.id)}}`;
}

async function headersOf(delivery: Delivery): Promise<Record<string, string>> {
  const { chainId, hopId, depth, deadlineMs } = delivery;
  return {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "hopline-token": await delivery.token(),
    "hopline-chain": chainId,
    "hopline-hop": hopId,
    "hopline-depth": String(depth),
    "hopline-deadline": String(deadlineMs),
    traceparent: `00-${chainId}-${hopId}-01`,
    "idempotency-key": hopId,
  };
}

function readAnswer(name: string, body: string): Delivered {
  const json = parseJson(body);
  if (json === undefined) return upstream(`Agent '${name}' answered with something that is not JSON.`);
  const answer = AgentAnswer.safeParse(json.value);
  if (!answer.success || typeof json.value !== "object" || json.value === null || !("output" in json.value)) {
    const where = answer.error?.issues[0];
    const why = where === undefined ? "" : ` (${where.path.join(".")}: ${where.message})`;
    return upstream(`Agent '${name}' must answer with {"output": …, "usage"?: {"tokens", "costMicros"}}${why}.`);
  }
  if (isTooDeep(answer.data.output, body.length)) {
    return upstream(`Agent '${name}' answered with an output that nests deeper than ${JSON_DEPTH} levels.`);
  }
  return { ok: true, output: answer.data.output, usage: answer.data.usage ?? NO_USAGE };
}

function readFailure(name: string, status: number, headers: Headers, body: string): Delivered {
  if (status >= 300 && status < 400) {
    return upstream(
      `Agent '${name}' answered with a redirect (${status}). Redirects are not followed: register the final URL.`,
    );
  }
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
  return upstream(`Agent '${name}' answered with status ${status}${saidIn(body)}`, {
    transient: TRANSIENT.has(status),
    sick: SICK.has(status),
    retryAfterMs,
  });
}

/** What an RFC 9457 body says. */
function saidIn(body: string): string {
  const problem = parseJson(body)?.value as { detail?: unknown; title?: unknown } | null | undefined;
  const said = [problem?.detail, problem?.title].find((words) => typeof words === "string" && words !== "");
  return said === undefined ? "" : `: ${(said as string).slice(0, DETAIL_CHARS).toWellFormed()}`;
}

function upstream(detail: string, options: Parameters<typeof failed>[1] = {}): Delivered {
  return failed({ code: "upstream_error", detail }, { sick: false, ...options });
}
