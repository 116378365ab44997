/** A chain as OTLP/JSON: one resource, one scope, one span a hop, by the semantic conventions for generative AI. */
import type { GraphHop, GraphPage } from "../lineage.ts";

type AnyValue = { readonly stringValue: string } | { readonly intValue: string } | { readonly boolValue: boolean };
interface Attribute {
  readonly key: string;
  readonly value: AnyValue;
}
interface Link {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  readonly attributes: readonly Attribute[];
}
interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly Link[];
  readonly status: { readonly code: number; readonly message?: string };
}
export interface TracesData {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string; readonly attributes?: readonly Attribute[] };
      readonly spans: readonly Span[];
    }[];
  }[];
}

const SPAN_KIND_INTERNAL = 1;
const SPAN_KIND_CLIENT = 3;
const STATUS_CODE_UNSET = 0;
const STATUS_CODE_ERROR = 2;

/** @param now epoch milliseconds: where the span of a hop ends that is still open; it says so by `hopline.open` */
export function otlp(page: GraphPage, now: number): TracesData {
  const { graph, chain, later, nextCursor } = page;
  const paged = {
    "hopline.truncated": nextCursor !== undefined || later || undefined,
    "hopline.next_cursor": nextCursor,
  };
  const attributes = attributesOf({ "service.name": "hopline", "hopline.chain.id": chain.chainId });
  const scope = { name: "hopline", ...(later || nextCursor !== undefined ? { attributes: attributesOf(paged) } : {}) };
  const spans = graph.hops.map((hop) => spanOf(hop, page, now));
  return { resourceSpans: [{ resource: { attributes }, scopeSpans: [{ scope, spans }] }] };
}

/** What the conventions call a call of each kind. */
const OPERATIONS = {
  agent: { name: "invoke_agent", kind: SPAN_KIND_CLIENT, callee: "gen_ai.agent.name" },
  tool: { name: "execute_tool", kind: SPAN_KIND_INTERNAL, callee: "gen_ai.tool.name" },
  model: { name: "chat", kind: SPAN_KIND_CLIENT, callee: "gen_ai.request.model" },
} as const satisfies Record<GraphHop["kind"], unknown>;

function spanOf(hop: GraphHop, { chain }: GraphPage, now: number): Span {
  const operation = OPERATIONS[hop.kind];
  const isRoot = hop.parentHopId === null;
  const links = isRoot ? callersSpan(chain.traceparent) : [];
  return {
    traceId: chain.chainId,
    spanId: hop.hopId,
    ...(hop.parentHopId === null ? {} : { parentSpanId: hop.parentHopId }),
    name: `${operation.name} ${hop.callee}`.toWellFormed(),
    kind: operation.kind,
    startTimeUnixNano: nanos(hop.startedAt),
    endTimeUnixNano: nanos(hop.endedAt ?? Math.max(now, hop.startedAt)),
    attributes: attributesOf({
      "gen_ai.operation.name": operation.name,
      "gen_ai.provider.name": "hopline",
      [operation.callee]: hop.callee,
      ...(hop.kind === "tool" ? { "gen_ai.tool.call.id": hop.hopId } : {}),
      // The conventions count input and output apart; a hop knows only the whole.
      "gen_ai.usage.total_tokens": hop.usage.tokens,
      "error.type": failed(hop) ? (hop.code ?? hop.status) : undefined,
      "hopline.skill": hop.skill,
      "hopline.caller": hop.caller,
      "hopline.depth": hop.depth,
      "hopline.status": hop.status,
      "hopline.open": hop.status === "open" || undefined,
      "hopline.attempt": hop.attempt,
      "hopline.late": hop.late || undefined,
      "hopline.usage.bytes": hop.usage.bytes,
      "hopline.usage.cost_micros": hop.usage.costMicros,
      "hopline.input.digest": hop.inputDigest,
      "hopline.output.digest": hop.outputDigest ?? undefined,
      ...(isRoot ? { "hopline.chain.status": chain.status, "hopline.principal": chain.root.principal } : {}),
    }),
    ...(links.length === 0 ? {} : { links }),
    status: failed(hop)
      ? { code: STATUS_CODE_ERROR, message: (hop.detail || (SENTENCES[hop.status] ?? hop.status)).toWellFormed() }
      : { code: STATUS_CODE_UNSET },
  };
}

const SENTENCES: Readonly<Partial<Record<GraphHop["status"], string>>> = {
  lost: "The hop's caller or callee vanished: its lease ended.",
  cancelled: "The hop was cancelled.",
};

function failed({ status }: GraphHop): boolean {
  return status !== "done" && status !== "open";
}

/** The span from which the chain was started, in a trace of the caller's. */
function callersSpan(traceparent: string | null): Link[] {
  const parts = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(traceparent ?? "");
  if (parts === null) return [];
  const [, traceId = "", spanId = "", flags = ""] = parts;
  // Ids of zeros alone are no ids.
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return [];
  return [{ traceId, spanId, flags: Number.parseInt(flags, 16), attributes: [] }];
}

/** Whole milliseconds in nanoseconds, as text: the number is beyond what JSON's readers keep exactly. */
function nanos(ms: number): string {
  return ms === 0 ? "0" : `${ms}000000`;
}

/** Without those that have no value. 64-bit integers are text in OTLP/JSON; text must be Unicode. */
function attributesOf(values: Readonly<Record<string, string | number | boolean | undefined>>): Attribute[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: string | number | boolean): AnyValue {
  switch (typeof value) {
    case "string":
      return { stringValue: value.toWellFormed() };
    case "number":
      return { intValue: String(value) };
    case "boolean":
      return { boolValue: value };
    default:
      return value satisfies never;
  }
}
