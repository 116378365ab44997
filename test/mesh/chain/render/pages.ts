/** Pages of chains to draw: small ones by hand, large ones by rule, hostile ones at random. */
import fc from "fast-check";
import { type GraphPage, graphOf } from "../../../../mesh/chain/lineage.ts";
import type { ChainView, HopView } from "../../../../mesh/chain/views.ts";
import { DEFAULT_BUDGET } from "../../../../mesh/limits.ts";
import type { Rejection } from "../../../../mesh/rejection.ts";

const NONE = { hops: 0, bytes: 0, tokens: 0, costMicros: 0, concurrency: 0, wallMs: 0 };
const START = 1_800_000_000_000;
export const CHAIN_ID = "c0ffee".padEnd(32, "0");

/** A hop's row, done and alone; `parentRow` names the row of its caller. */
export function hop(row: number, callee: string, more: Partial<HopView> = {}): HopView {
  const parentRow = more.parentRow ?? null;
  return {
    row,
    hopId: idOf(row),
    parentRow,
    parentHopId: parentRow === null ? null : idOf(parentRow),
    depth: parentRow === null ? 1 : 2,
    kind: "agent",
    callee,
    skill: callee,
    status: "done",
    rejection: null,
    startedAt: START + row,
    endedAt: START + row + 250,
    hops: 1,
    bytes: 20,
    tokens: 0,
    costMicros: 0,
    attempt: 1,
    late: false,
    inputDigest: "sha256-in",
    outputDigest: "sha256-out",
    metadata: null,
    ...more,
  };
}

export function refused(row: number, callee: string, rejection: Rejection, more: Partial<HopView> = {}): HopView {
  return hop(row, callee, { status: "rejected", rejection, endedAt: START + row, outputDigest: null, ...more });
}

export function idOf(row: number): string {
  return row.toString(16).padStart(16, "0");
}

export function chainOf(rows: readonly HopView[], more: Partial<ChainView> = {}): ChainView {
  const count = (status: HopView["status"]) => rows.filter((row) => row.status === status).length;
  return {
    chainId: CHAIN_ID,
    status: "done",
    root: { agent: rows[0]?.callee ?? "desk", principal: "admin" },
    limits: DEFAULT_BUDGET,
    spent: { ...NONE, tokens: 1_234, costMicros: 12_345 },
    reserved: NONE,
    overrun: NONE,
    hops: {
      open: count("open"),
      done: count("done"),
      error: count("error"),
      rejected: count("rejected"),
      lost: count("lost"),
      cancelled: count("cancelled"),
    },
    startedAt: START,
    endedAt: START + 1_500,
    deadlineAt: START + 9_000,
    traceparent: null,
    ...more,
  };
}

export function pageOf(
  rows: readonly HopView[],
  more: Partial<Omit<GraphPage, "chain" | "graph">> & { chain?: Partial<ChainView> } = {},
): GraphPage {
  const { chain, ...rest } = more;
  const view = chainOf(rows, chain);
  return { graph: graphOf(view, rows), chain: view, later: false, ...rest };
}

export const CYCLE: Rejection = { code: "cycle_detected", path: ["desk", "reader", "desk"], rule: { rule: "deny" } };

/** `desk` calls `reader` often, a tool, and itself in vain; one reader fails. */
export const LINEAGE: readonly HopView[] = [
  hop(1, "desk", { skill: "ask", endedAt: START + 1_500 }),
  ...Array.from({ length: 37 }, (_, n) =>
    hop(2 + n, "reader", {
      parentRow: 1,
      skill: "read",
      endedAt: START + 2 + n + 12 + n,
      costMicros: 1_000,
      tokens: 10,
    }),
  ),
  hop(39, "reader", {
    parentRow: 1,
    skill: "read",
    status: "error",
    rejection: { code: "upstream_error", detail: "The agent answered with status 500." },
    attempt: 3,
  }),
  hop(40, "weather", { parentRow: 1, kind: "tool", skill: "weather", late: true }),
  refused(41, "desk", CYCLE, { parentRow: 39, skill: "ask" }),
  hop(42, "slow", { parentRow: 1, status: "open", endedAt: null, outputDigest: null }),
  hop(43, "gone", { parentRow: 1, status: "lost" }),
  hop(44, "stopped", { parentRow: 1, status: "cancelled" }),
];

/** A chain of so many hops, each name of its own, five calls a caller: nothing in it collapses. */
export function wide(hops: number): HopView[] {
  return Array.from({ length: hops }, (_, n) => {
    const parentRow = n === 0 ? null : Math.floor((n - 1) / 5) + 1;
    return n % 11 === 7
      ? refused(n + 1, `agent-${n}`, CYCLE, { parentRow })
      : hop(n + 1, `agent-${n}`, { parentRow, costMicros: n });
  });
}

/** What has broken other people's pictures. A refused call's callee may be any of it. */
export const HOSTILE = [
  '<script>alert(1)</script>\n\u202e😀"',
  "]]>--><svg onload=alert(1)>",
  "end",
  "---",
  "%%{init: {}}%%",
  "a;b{c}[d](e)|f|`g`",
  '\\"\\N\\G\\',
  "&lt;&#60;#quot;#60;",
  "\u2067שלום\u2069 مرحبا",
  "\u0000\u0007\u001b[31m\u007f\u0085\u2028\ufffe\uffff",
  "\ud800 \udc00",
  "e\u0301".repeat(30),
  "</title></svg>",
  "subgraph x",
  "caller:admin",
  "__proto__",
  "1. - # *",
  "",
] as const;

const anyText = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: "binary", maxLength: 63 }),
  fc.string({ unit: fc.constantFrom(..."<>&\"'\\`[](){}|;%#-\n\u202e😀 en"), maxLength: 30 }),
);

/** A chain whose every text is hostile. */
export const anyPage: fc.Arbitrary<GraphPage> = fc
  .array(
    fc.record({
      callee: anyText,
      skill: anyText,
      detail: anyText,
      above: fc.nat(),
      status: fc.constantFrom("done", "error", "rejected", "open", "lost", "cancelled"),
      kind: fc.constantFrom("agent", "tool", "model"),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((calls) =>
    pageOf(
      calls.map(({ callee, skill, detail, above, status, kind }, n) =>
        hop(n + 1, callee, {
          skill,
          kind,
          status,
          parentRow: n === 0 ? null : (above % n) + 1,
          endedAt: status === "open" ? null : START + 9_999,
          rejection: status === "rejected" || status === "error" ? { code: "agent_not_found", detail } : null,
        }),
      ),
    ),
  );
