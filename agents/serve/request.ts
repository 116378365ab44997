/** The body of a call: read up to a size, parsed, its skill found, its input checked by the skill's Zod schema. */
import type { IncomingMessage } from "node:http";
import { BODY_BYTES } from "../../mesh/limits.ts";
import { placeOf } from "../../mesh/rejection.ts";
import type { AgentDefinition, SkillDefinition } from "../define.ts";
import type { Problem } from "./problem.ts";

/** Errors that one answer names. */
const ERRORS = 10;

export interface Call {
  readonly skill: string;
  readonly definition: SkillDefinition;
  readonly input: unknown;
}

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** A body that is too large is read to its end and dropped: the mesh writes it all before it listens. */
export async function readBody(request: IncomingMessage): Promise<Read<string>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes <= BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > BODY_BYTES) {
    return refuse({ status: 413, code: "payload_too_large", detail: `The body is larger than ${BODY_BYTES} bytes.` });
  }
  return { ok: true, value: Buffer.concat(chunks).toString("utf8") };
}

/** Finds the skill and checks the input. A registration without skills has one, named as its agent: the first here. */
export function readCall(agent: AgentDefinition, text: string): Read<Call> {
  const body = parse(text);
  if (body === undefined || !Object.hasOwn(body, "input")) {
    return refuse({ status: 400, code: "invalid_request", detail: 'The body must be {"input": …, "skill"?: "…"}.' });
  }
  const names = Object.keys(agent.skills);
  const asked = body.skill ?? agent.name;
  const skill = typeof asked === "string" && Object.hasOwn(agent.skills, asked) ? asked : undefined;
  const name = skill ?? (asked === agent.name ? names[0] : undefined);
  const definition = name === undefined ? undefined : agent.skills[name];
  if (name === undefined || definition === undefined) {
    const detail = `Agent '${agent.name}' has no skill '${String(asked).slice(0, 128)}'. It has: ${names.join(", ")}.`;
    return refuse({ status: 404, code: "not_found", detail });
  }
  const parsed = definition.input.safeParse(body.input);
  if (parsed.success) return { ok: true, value: { skill: name, definition, input: parsed.data } };
  const errors = parsed.error.issues.slice(0, ERRORS).map(({ path, message }) => ({
    pointer: path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
    detail: message,
  }));
  const [first] = errors;
  const detail = `The input does not fit ${agent.name}/${name}${first === undefined ? "" : placeOf(first)}: ${first?.detail ?? ""}`;
  return refuse({ status: 422, code: "invalid_input", detail, errors });
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function refuse(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem };
}
