/**
 * Ordinary tool calls, recognised at a glance: those that say nothing but which tool is called with what. Whatever is unusual
 * or wrong in a request is left to the SDK's own checks, whose answers are the protocol's. Pure.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/server";
import { MESH_PREFIX } from "../../mesh/registry/tool-names.ts";
import type { JsonSchema } from "../../mesh/schema.ts";

export interface PlainCall {
  readonly id: string | number;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
}

const STATELESS = "2026-07-28";
const MESSAGE: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params"]);
const PARAMS: ReadonlySet<string> = new Set(["name", "arguments", "_meta"]);
/** Of 2026-07-28, in each request. */
const ENVELOPE: ReadonlySet<string> = new Set([
  PROTOCOL_VERSION_META_KEY,
  CLIENT_INFO_META_KEY,
  CLIENT_CAPABILITIES_META_KEY,
]);
/** What clients may be asked for; with more than these, calls may be answered in other ways. */
const CAPABILITIES: ReadonlySet<string> = new Set(["sampling", "elicitation", "roots"]);
const PROTOCOLS_OWN = "io.modelcontextprotocol/";
/** Texts wherever they are; the W3C's, which have no prefix. */
const TRACE = ["traceparent", "tracestate", "baggage"] as const;
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;
const JSON_TYPE = /^application\/json *(;|$)/i;

/** A call in a session. */
export function sessionCall({ headers }: Pick<Request, "headers">, body: unknown): PlainCall | undefined {
  const call = callOf(headers, body);
  if (call === undefined || Object.keys(call.meta).some((key) => key.startsWith(PROTOCOLS_OWN))) return undefined;
  const version = headers.get("mcp-protocol-version");
  return version === null || SUPPORTED_PROTOCOL_VERSIONS.includes(version) ? call : undefined;
}

/** A call that stands for itself; its headers say what its body says. */
export function statelessCall({ headers }: Pick<Request, "headers">, body: unknown): PlainCall | undefined {
  const call = callOf(headers, body);
  if (call === undefined) return undefined;
  const { name, meta } = call;
  const agree =
    meta[PROTOCOL_VERSION_META_KEY] === STATELESS &&
    headers.get("mcp-protocol-version") === STATELESS &&
    headers.get("mcp-method") === "tools/call" &&
    headers.get("mcp-name") === name;
  if (!agree || !isPlainInfo(meta[CLIENT_INFO_META_KEY]) || !arePlain(meta[CLIENT_CAPABILITIES_META_KEY])) {
    return undefined;
  }
  const unusual = Object.keys(meta).some((key) => key.startsWith(PROTOCOLS_OWN) && !ENVELOPE.has(key));
  return unusual ? undefined : call;
}

/** A client that asks for progress gets a stream from the start. */
function callOf(headers: Headers, body: unknown): PlainCall | undefined {
  if (!isObject(body) || !hasOnly(body, MESSAGE) || body.jsonrpc !== "2.0" || body.method !== "tools/call") {
    return undefined;
  }
  const { id, params } = body;
  if ((typeof id !== "string" && !Number.isSafeInteger(id)) || !isObject(params) || !hasOnly(params, PARAMS)) {
    return undefined;
  }
  const { name, arguments: args = {}, _meta: meta = {} } = params;
  if (typeof name !== "string" || !TOOL_NAME.test(name) || name.startsWith(MESH_PREFIX)) return undefined;
  if (!isObject(args) || !isObject(meta) || meta.progressToken !== undefined) return undefined;
  if (TRACE.some((key) => meta[key] !== undefined && typeof meta[key] !== "string")) return undefined;
  const accept = headers.get("accept") ?? "";
  const takes = accept.includes("application/json") && accept.includes("text/event-stream");
  if (!takes || !JSON_TYPE.test(headers.get("content-type") ?? "")) return undefined;
  return { id: id as string | number, name, args, meta };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasOnly(object: object, keys: ReadonlySet<string>): boolean {
  return Object.keys(object).every((key) => keys.has(key));
}

/** Capabilities that say which, and at most in which ways. */
function arePlain(capabilities: unknown): boolean {
  return (
    isObject(capabilities) &&
    hasOnly(capabilities, CAPABILITIES) &&
    Object.values(capabilities).every((ways) => isObject(ways) && Object.values(ways).every(isEmpty))
  );
}

function isEmpty(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}

/** A name and a version, and texts. */
function isPlainInfo(value: unknown): boolean {
  if (!isObject(value) || typeof value.name !== "string" || typeof value.version !== "string") return false;
  return Object.values(value).every((text) => typeof text === "string");
}

/** By the schema object itself, so they are forgotten with the agent that has it. */
const marked = new WeakMap<object, boolean>();

/** Whether arguments may have to come as headers too: to be checked by the whole of the protocol's rules. */
export function mayWantHeaders(schema: JsonSchema): boolean {
  if (typeof schema !== "object") return false;
  const known = marked.get(schema) ?? JSON.stringify(schema).includes('"x-mcp-header"');
  marked.set(schema, known);
  return known;
}
