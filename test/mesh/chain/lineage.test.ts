import { describe, expect, it } from "vitest";
import { graphOf } from "../../../mesh/chain/lineage.ts";
import type { ChainView, HopView } from "../../../mesh/chain/views.ts";
import { DEFAULT_BUDGET } from "../../../mesh/limits.ts";

const NONE = { hops: 0, bytes: 0, tokens: 0, costMicros: 0, concurrency: 0, wallMs: 0 };

function chain(principal = "admin"): ChainView {
  return {
    chainId: "c".repeat(32),
    status: "done",
    root: { agent: "planner", principal },
    limits: DEFAULT_BUDGET,
    spent: NONE,
    reserved: NONE,
    overrun: NONE,
    hops: { open: 0, done: 0, error: 0, rejected: 0, lost: 0, cancelled: 0 },
    startedAt: 1_000,
    endedAt: 2_000,
    deadlineAt: 9_000,
    traceparent: null,
  };
}

/** A hop's row; its parent's row is in `more`. */
function hop(row: number, callee: string, more: Partial<HopView> = {}): HopView {
  const parentRow = more.parentRow ?? null;
  return {
    row,
    hopId: `hop-${row}`,
    parentRow,
    parentHopId: parentRow === null ? null : `hop-${parentRow}`,
    depth: 1,
    kind: "agent",
    callee,
    skill: callee,
    status: "done",
    rejection: null,
    startedAt: 1_000,
    endedAt: 1_250,
    hops: 1,
    bytes: 2,
    tokens: 3,
    costMicros: 4,
    attempt: 1,
    late: false,
    inputDigest: "in",
    outputDigest: "out",
    metadata: null,
    ...more,
  };
}

const LINEAGE = [
  hop(1, "planner"),
  hop(2, "researcher", { parentRow: 1 }),
  hop(3, "reader", { parentRow: 2, status: "error" }),
  hop(4, "reader", { parentRow: 2 }),
  hop(5, "planner", {
    parentRow: 2,
    status: "rejected",
    rejection: { code: "cycle_detected", path: ["planner", "researcher", "planner"], rule: { rule: "deny" } },
  }),
  hop(6, "reader", { parentRow: 1, status: "lost" }),
];

describe("the graph of a chain", () => {
  it("has every hop with its caller and its path from the root, those that were refused included", () => {
    const { hops } = graphOf(chain(), LINEAGE);
    expect(hops.map(({ caller, path }) => [caller, path.join(" → ")])).toEqual([
      ["admin", "planner"],
      ["planner", "planner → researcher"],
      ["researcher", "planner → researcher → reader"],
      ["researcher", "planner → researcher → reader"],
      ["researcher", "planner → researcher → planner"],
      ["planner", "planner → reader"],
    ]);
    expect(hops[4]).toMatchObject({
      status: "rejected",
      code: "cycle_detected",
      detail: expect.stringContaining("planner → researcher → planner"),
    });
    expect(hops[0]).toMatchObject({
      code: null,
      detail: null,
      usage: { hops: 1, bytes: 2, tokens: 3, costMicros: 4, wallMs: 250 },
    });
  });

  it("has one node a party and one edge a pair, with what was called, refused and failed", () => {
    const { nodes, edges } = graphOf(chain(), LINEAGE);
    expect(nodes).toEqual([
      { id: "caller:admin", kind: "caller", name: "admin" },
      { id: "planner", kind: "agent", name: "planner" },
      { id: "researcher", kind: "agent", name: "researcher" },
      { id: "reader", kind: "agent", name: "reader" },
    ]);
    expect(edges).toEqual([
      { from: "caller:admin", to: "planner", calls: 1, rejected: 0, errors: 0 },
      { from: "planner", to: "researcher", calls: 1, rejected: 0, errors: 0 },
      { from: "researcher", to: "reader", calls: 2, rejected: 0, errors: 1 },
      { from: "researcher", to: "planner", calls: 1, rejected: 1, errors: 0 },
      { from: "planner", to: "reader", calls: 1, rejected: 0, errors: 1 },
    ]);
  });

  it("takes no caller for an agent of the same name", () => {
    const { nodes, edges } = graphOf(chain("planner"), [hop(1, "planner"), hop(2, "echo", { parentRow: 1 })]);
    expect(nodes.map(({ id, kind }) => `${kind} ${id}`)).toEqual([
      "caller caller:planner",
      "agent planner",
      "agent echo",
    ]);
    expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual(["caller:planner planner", "planner echo"]);
  });

  it("takes no refused callee for a caller, whatever name was asked for", () => {
    const rejection = { code: "agent_not_found", detail: "" } as const;
    const names = ["caller:admin", "agent:caller:admin"];
    const { nodes, edges } = graphOf(chain(), [
      hop(1, "planner"),
      ...names.map((name, n) => hop(2 + n, name, { parentRow: 1, status: "rejected", rejection })),
    ]);
    expect(nodes.map(({ id, kind, name }) => [id, kind, name])).toEqual([
      ["caller:admin", "caller", "admin"],
      ["planner", "agent", "planner"],
      ["agent:caller:admin", "agent", "caller:admin"],
      ["agent:agent:caller:admin", "agent", "agent:caller:admin"],
    ]);
    expect(edges.map(({ to }) => to)).toEqual(nodes.slice(1).map(({ id }) => id));
  });

  it("of a later page has a node for each end of its edges", () => {
    const { nodes, edges } = graphOf(chain(), LINEAGE.slice(2), { 1: ["planner"], 2: ["planner", "researcher"] });
    const ids = nodes.map(({ id }) => id);
    for (const { from, to } of edges) expect(ids).toEqual(expect.arrayContaining([from, to]));
  });

  it("of a later page knows the paths of callers that stand on an earlier one", () => {
    const page = LINEAGE.slice(2);
    const { hops } = graphOf(chain(), page, { 1: ["planner"], 2: ["planner", "researcher"] });
    expect(hops).toEqual(graphOf(chain(), LINEAGE).hops.slice(2));
  });

  it("shows an open hop as one that has not ended, and metadata where there is some", () => {
    const [open, told] = graphOf(chain(), [
      hop(1, "a", { status: "open", endedAt: null, outputDigest: null }),
      hop(2, "b", { parentRow: 1, metadata: { why: "asked" } }),
    ]).hops;
    expect(open).toMatchObject({ status: "open", endedAt: null, usage: { wallMs: 0 } });
    expect(open).not.toHaveProperty("metadata");
    expect(told).toMatchObject({ metadata: { why: "asked" } });
  });
});
