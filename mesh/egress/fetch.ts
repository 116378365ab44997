/**
 * The only caller of `fetch` to the outside. No redirect is followed: it would carry the hop token along. Private,
 * loopback, link-local and metadata addresses are refused here by their spelling, and by the platform's network once
 * they are resolved. Answers are read up to a size.
 */
import { joined } from "../bytes.ts";
import type { Rejection } from "../rejection.ts";
import { type EgressPolicy, judged } from "./address.ts";

export interface EgressAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where a reader got it, or where it was asked for as bytes. */
  readonly body: string;
  /** The body as it came, where it was asked for so. */
  readonly raw?: Uint8Array;
  /** Bytes of the body as they came. */
  readonly bytes: number;
}

export type EgressResult =
  | { readonly ok: true; readonly answer: EgressAnswer }
  /** `connection` when nothing is known of the other side: the request may not have arrived. */
  | { readonly ok: false; readonly rejection: Rejection; readonly connection: boolean };

/** @returns true when it has read enough: what comes after is not waited for */
export type Reader = (text: string) => unknown;

export interface EgressRequest {
  readonly method: "GET" | "POST";
  readonly headers: Record<string, string>;
  readonly body?: string | undefined;
  /** Aborting closes the connection. */
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  /** Gives the body as bytes: it need not be text. */
  readonly asBytes?: boolean | undefined;
  /** Says who gets the body of an answer as it comes, piece by piece; nobody: it is read whole. */
  readonly reader?: ((status: number, headers: Headers) => Reader | undefined) | undefined;
}

/** @throws only what `signal` aborts with */
export async function egressFetch(url: string, request: EgressRequest, policy: EgressPolicy): Promise<EgressResult> {
  const verdict = judged(url, policy);
  const refusal = verdict === undefined ? "it is not a URL" : verdict.refusal;
  if (verdict === undefined || refusal !== undefined) {
    return {
      ok: false,
      connection: false,
      rejection: { code: "egress_denied", detail: `${url} may not be reached: ${refusal}.` },
    };
  }
  const { url: parsed } = verdict;
  const { method, headers, body, signal, maxBytes, asBytes, reader } = request;
  let response: Response;
  try {
    response = await fetch(parsed.href, { method, headers, body: body ?? null, signal, redirect: "manual" });
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, connection: true, rejection: unreachable(parsed, error) };
  }
  try {
    const read = asBytes
      ? await readBytes(response, maxBytes)
      : await readText(response, maxBytes, reader?.(response.status, response.headers));
    if (read === undefined) {
      const detail = `${parsed.host} answered with more than ${maxBytes} bytes.`;
      return { ok: false, connection: false, rejection: { code: "upstream_error", detail } };
    }
    return { ok: true, answer: { status: response.status, headers: response.headers, ...read } };
  } catch {
    signal.throwIfAborted();
    const detail = `The connection to ${parsed.host} ended within the answer.`;
    return { ok: false, connection: true, rejection: { code: "upstream_error", detail } };
  }
}

/** The platform says that its network refused a resolved address in an error's text, and in nothing else. */
function unreachable(url: URL, error: unknown): Rejection {
  const message = error instanceof Error ? error.message : "";
  return /not permitted|restrictPeers|blocked/i.test(message)
    ? { code: "egress_denied", detail: `${url.host} may not be reached: it resolves to an address that is not public.` }
    : { code: "upstream_error", detail: `The connection to ${url.host} failed.` };
}

/** For texts that are there whole: one that comes in pieces has a decoder of its own. */
const wholeText = new TextDecoder();

async function readText(
  response: Response,
  maxBytes: number,
  reader: Reader | undefined,
): Promise<{ body: string; bytes: number } | undefined> {
  if (response.body === null) return { body: "", bytes: 0 };
  // The connection is held to its declared length, so one that is declared small can be taken whole; not if it unpacks.
  const declared = Number(response.headers.get("content-length") ?? Number.NaN);
  if (reader === undefined && declared <= maxBytes && !response.headers.has("content-encoding")) {
    return { body: await response.text(), bytes: declared };
  }
  if (reader === undefined) {
    const whole = await readWhole(response.body, maxBytes);
    return whole && { body: wholeText.decode(whole), bytes: whole.byteLength };
  }
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the stream, and with it the connection.
    if (bytes > maxBytes) return undefined;
    if (reader(decoder.decode(chunk, { stream: true })) === true) break;
  }
  return { body: decoder.decode(), bytes };
}

/** Bytes of the first read. Most answers are smaller: they are there with it. */
const FIRST_READ = 4_096;
const MOST_READ = 1_048_576;

/** Reads a body in a few large pieces. */
async function readWhole(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array | undefined> {
  const reader = body.getReader({ mode: "byob" });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let size = FIRST_READ; ; size = Math.min(2 * size, MOST_READ)) {
    const { value } = await reader.readAtLeast(size, new Uint8Array(size));
    const read = value?.byteLength ?? 0;
    if (value !== undefined && read > 0) chunks.push(value);
    bytes += read;
    if (bytes > maxBytes) {
      await reader.cancel();
      return undefined;
    }
    // Less than was asked for is all that there is.
    if (read < size) return joined(chunks, bytes);
  }
}

async function readBytes(
  response: Response,
  maxBytes: number,
): Promise<{ body: string; raw: Uint8Array; bytes: number } | undefined> {
  const raw = response.body === null ? new Uint8Array() : await readWhole(response.body, maxBytes);
  return raw && { body: "", raw, bytes: raw.byteLength };
}
