/** Edges of the mesh-wide call graph: news in, sums out. Pure. */
import type { HopNews, LateNews } from "../chain/events.ts";
import { addLatency, type Latencies, latencyQuantiles, mergeLatencies } from "./latency.ts";
import { minuteOf } from "./spans.ts";

export interface EdgeSums {
  readonly caller: string;
  readonly callee: string;
  calls: number;
  errors: number;
  readonly rejections: Record<string, number>;
  readonly latency: Latencies;
  tokens: number;
  costMicros: number;
  firstAt: number;
  lastAt: number;
}

/** Sums of one minute. */
export interface MinuteSums {
  readonly minute: number;
  readonly sums: EdgeSums;
}

/** Stands for all that was called and is no agent: whoever calls made-up names must not fill the index. No agent has this name. */
export const UNKNOWN = "?";
const AGENT_LIKE = /^[a-z][a-z0-9-]{0,62}$/;

export function newEdge(caller: string, callee: string, at: number): EdgeSums {
  return {
    caller,
    callee,
    calls: 0,
    errors: 0,
    rejections: {},
    latency: {},
    tokens: 0,
    costMicros: 0,
    firstAt: at,
    lastAt: at,
  };
}

/** What news add, by minute, caller and callee. */
export function sumsOf(hops: readonly HopNews[], late: readonly LateNews[]): MinuteSums[] {
  const found = new Map<string, MinuteSums>();
  const edgeOf = (caller: string, callee: string, at: number): EdgeSums => {
    const minute = minuteOf(at);
    const key = `${minute} ${keyOf(caller, callee)}`;
    const one = found.get(key) ?? { minute, sums: newEdge(caller, callee, at) };
    found.set(key, one);
    return one.sums;
  };
  for (const hop of hops) addHop(edgeOf(hop.caller, calleeOf(hop), hop.endedAt), hop);
  for (const one of late) addLate(edgeOf(one.caller, one.callee, one.at), one);
  return [...found.values()];
}

/** No caller has a space in its name. */
export function keyOf(caller: string, callee: string): string {
  return `${caller} ${callee}`;
}

function calleeOf({ callee, status, code }: HopNews): string {
  if (status !== "rejected") return callee;
  return code === "agent_not_found" || !AGENT_LIKE.test(callee) ? UNKNOWN : callee;
}

/** Adds a hop that has ended. `calls` counts every hop that ended or was refused, once. */
function addHop(edge: EdgeSums, hop: HopNews): void {
  edge.firstAt = Math.min(edge.firstAt, hop.endedAt);
  edge.lastAt = Math.max(edge.lastAt, hop.endedAt);
  edge.calls += 1;
  if (hop.status === "rejected") {
    const code = hop.code ?? "internal";
    edge.rejections[code] = (edge.rejections[code] ?? 0) + 1;
    return;
  }
  if (hop.status !== "done") edge.errors += 1;
  addLatency(edge.latency, hop.endedAt - hop.startedAt);
  edge.tokens += hop.tokens;
  edge.costMicros += hop.costMicros;
}

/** Adds what a late result has corrected of a hop that was added before. */
function addLate(edge: EdgeSums, late: LateNews): void {
  edge.tokens += late.tokens;
  edge.costMicros += late.costMicros;
}

export function mergeEdges(into: EdgeSums, from: EdgeSums): void {
  into.calls += from.calls;
  into.errors += from.errors;
  into.tokens += from.tokens;
  into.costMicros += from.costMicros;
  into.firstAt = Math.min(into.firstAt, from.firstAt);
  into.lastAt = Math.max(into.lastAt, from.lastAt);
  for (const code in from.rejections)
    into.rejections[code] = (into.rejections[code] ?? 0) + (from.rejections[code] ?? 0);
  mergeLatencies(into.latency, from.latency);
}

/** An edge as the API shows it. Latencies in milliseconds; times are epoch milliseconds. */
export interface EdgeView {
  readonly from: string;
  readonly to: string;
  readonly calls: number;
  readonly errors: number;
  readonly rejected: number;
  readonly rejections: Readonly<Record<string, number>>;
  readonly latencyMs: { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null };
  readonly tokens: number;
  readonly costMicros: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export function edgeView(edge: EdgeSums): EdgeView {
  const { caller, callee, calls, errors, rejections, latency, tokens, costMicros, firstAt, lastAt } = edge;
  const [p50 = null, p95 = null, p99 = null] = latencyQuantiles(latency, [0.5, 0.95, 0.99]);
  return {
    from: caller,
    to: callee,
    calls,
    errors,
    rejected: Object.values(rejections).reduce((sum, count) => sum + count, 0),
    rejections: { ...rejections },
    latencyMs: { p50, p95, p99 },
    tokens,
    costMicros,
    firstAt,
    lastAt,
  };
}
