/** Edges of the mesh-wide call graph: news in, sums a minute out. Pure. */
import type { HopNews, LateNews } from "../chain/events.ts";
import { addLatency, type Latencies, latencyQuantile, mergeLatencies } from "./latency.ts";

export const MINUTE_MS = 60_000;

export interface EdgeSums {
  minute: number;
  caller: string;
  callee: string;
  calls: number;
  errors: number;
  rejections: Record<string, number>;
  latency: Latencies;
  tokens: number;
  costMicros: number;
  firstAt: number;
  lastAt: number;
}

export function newEdge(minute: number, caller: string, callee: string, at: number): EdgeSums {
  return {
    minute,
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

/** Adds a hop that has ended. `calls` counts every hop that ended or was refused, once. */
export function addHop(edge: EdgeSums, hop: HopNews): void {
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
export function addLate(edge: EdgeSums, late: LateNews): void {
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
  for (const [code, count] of Object.entries(from.rejections))
    into.rejections[code] = (into.rejections[code] ?? 0) + count;
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
  const quantile = (q: number) => latencyQuantile(latency, q);
  return {
    from: caller,
    to: callee,
    calls,
    errors,
    rejected: Object.values(rejections).reduce((sum, count) => sum + count, 0),
    rejections,
    latencyMs: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) },
    tokens,
    costMicros,
    firstAt,
    lastAt,
  };
}
