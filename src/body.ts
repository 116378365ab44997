/** Request bodies: read up to a size, parsed, checked. Every error says what was wrong and what would be right. */
import type * as z from "zod";
import { joined } from "../mesh/bytes.ts";
import { isTooDeep } from "../mesh/hop/payload.ts";
import { BODY_BYTES, DROPPED_BODY_BYTES, JSON_DEPTH } from "../mesh/limits.ts";
import type { FieldError, Rejection } from "../mesh/rejection.ts";

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection };

/** Reads a JSON body and checks it against its schema. */
export async function readBody<T extends z.ZodType>(request: Request, schema: T): Promise<Parsed<z.output<T>>> {
  const type = mediaTypeOf(request);
  const bytes = await readBytes(request);
  if (bytes === undefined) {
    return refuse("payload_too_large", `The body is larger than ${BODY_BYTES} bytes. Pass large data by reference.`);
  }
  if (type !== "application/json" && !/^application\/[\w.-]+\+json$/.test(type)) {
    return refuse(
      "unsupported_media_type",
      `The body must be application/json; it was sent as '${type || "nothing"}'.`,
    );
  }
  const json = parseJson(bytes);
  if (!json.ok) return json;
  const parsed = schema.safeParse(json.value);
  return parsed.success ? { ok: true, value: parsed.data } : { ok: false, rejection: schemaRejection(parsed.error) };
}

/** Without its parameters; empty where none was sent. */
export function mediaTypeOf(request: Request): string {
  return request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
}

function refuse(
  code: "payload_too_large" | "unsupported_media_type" | "invalid_request",
  detail: string,
): { ok: false; rejection: Rejection } {
  return { ok: false, rejection: { code, detail } };
}

/** A body that is too large is read and dropped before it is refused: most clients write it all before they listen. */
async function readBytes(request: Request): Promise<Uint8Array | undefined> {
  // The server holds a body to its declared length, so one that is declared small can be taken whole.
  const declared = Number(request.headers.get("content-length") ?? Number.NaN);
  if (declared <= BODY_BYTES) return new Uint8Array(await request.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body !== null) {
    for await (const chunk of request.body) {
      length += chunk.byteLength;
      if (length <= BODY_BYTES) chunks.push(chunk);
      else chunks.length = 0;
      if (length > DROPPED_BODY_BYTES) break;
    }
  }
  if (length > BODY_BYTES) return undefined;
  return joined(chunks, length);
}

/** How long a refusal waits for the body that it is not about, in milliseconds. */
const DROP_MS = 2_000;

/**
 * Reads a body that nobody has read, and drops it, before its request is refused: a client that streams one gets a broken
 * connection in place of the answer otherwise.
 */
export async function dropBody({ body, bodyUsed }: Request): Promise<void> {
  if (body === null || bodyUsed || body.locked) return;
  await Promise.race([dropped(body), scheduler.wait(DROP_MS)]).catch(() => undefined);
}

async function dropped(body: ReadableStream<Uint8Array>): Promise<void> {
  let length = 0;
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > DROPPED_BODY_BYTES) return;
  }
}

/** Says what is not UTF-8. A byte order mark is no part of the text. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** JSON that is not too deep. @param what it is to its sender */
export function parseJson(bytes: Uint8Array, what = "The body"): Parsed<unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes)) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : "it can't be read";
    return refuse("invalid_request", `${what} is not valid JSON in UTF-8: ${why}`);
  }
  if (isTooDeep(value, bytes.byteLength))
    return refuse("invalid_request", `${what} nests deeper than ${JSON_DEPTH} levels.`);
  return { ok: true, value };
}

/** The first thing that is wrong as the sentence, all of them (up to ten) as evidence. */
export function schemaRejection({ issues }: z.ZodError, what = "The body"): Rejection {
  const errors = issues.slice(0, 10).map(fieldError);
  const [first] = errors;
  return {
    code: "invalid_request",
    detail: `${first?.pointer || what}: ${first?.detail ?? "is not right"}`,
    errors,
  };
}

function fieldError(issue: z.core.$ZodIssue): FieldError {
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
  const pointer = path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  const detail = issue.code === "unrecognized_keys" ? `Unknown field '${issue.keys.join("', '")}'` : issue.message;
  return { pointer: pointer.toWellFormed(), detail: detail.toWellFormed() };
}
