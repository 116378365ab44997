/** The promises of docs/design.md, section 2, and of its rules, as data: each names the tests that fail without it. */

export interface Promised {
  /** Where it is promised. */
  readonly source: string;
  readonly behavior: string;
  /** Test files; `promises.test.ts` checks that each cites the promise by its id. */
  readonly tests: readonly string[];
}

export const PROMISES: Readonly<Record<string, Promised>> = {
  "chain:recorded-before-run": {
    source: "docs/design.md",
    behavior: "Nothing runs unrecorded: after `kill -9`, every callee that was reached has its hop in the ledger.",
    tests: ["test/e2e/crash.e2e.test.ts"],
  },
  "chain:budget-exact": {
    source: "docs/design.md",
    behavior: "Budgets hold under concurrency: spent + held ≤ limit at every instant, whatever the fan-out.",
    tests: ["test/mesh/chain/model.test.ts", "test/mesh/chain/purses.test.ts", "test/e2e/budget.e2e.test.ts"],
  },
  "chain:no-cycle-no-depth": {
    source: "docs/design.md",
    behavior: "No cycle, no runaway depth, across all endpoint kinds, aliases and forgotten lineage included.",
    tests: [
      "test/mesh/chain/rules/cycle.test.ts",
      "test/mesh/chain/rules/depth.test.ts",
      "test/e2e/cycle.e2e.test.ts",
      "test/e2e/tokens.e2e.test.ts",
    ],
  },
  "chain:refusals-explained": {
    source: "docs/design.md",
    behavior: "Every rejection is explained, and stands in the lineage as a hop with status `rejected`.",
    tests: ["test/e2e/http.e2e.test.ts", "test/e2e/cycle.e2e.test.ts"],
  },
  "chain:no-silent-loss": {
    source: "docs/design.md",
    behavior: "No silent loss: what vanished is `lost` and charged once; a retried request never runs twice.",
    tests: ["test/e2e/crash.e2e.test.ts", "test/e2e/idempotency.e2e.test.ts", "test/mesh/chain/expire.test.ts"],
  },
  "hop:least-authority": {
    source: "docs/design.md",
    behavior:
      "Least authority: a dead, forged or foreign token does nothing, and no address but a public one is reached.",
    tests: ["test/e2e/tokens.e2e.test.ts", "test/mesh/egress/address.test.ts"],
  },
  "chain:followed-whole": {
    source: "docs/design.md",
    behavior: "Whoever follows a chain gets each hop event once and in order, over reconnects and restarts.",
    tests: ["test/e2e/streams.e2e.test.ts", "test/mesh/chain/happenings.do.test.ts"],
  },
  "mcp:tools-are-hops": {
    source: "docs/federation.md",
    behavior: "A federated tool is called as a governed hop, gets no credentials, and is pinned by its definition.",
    tests: ["test/e2e/federation.e2e.test.ts", "test/mesh/federation/pins.test.ts"],
  },
  "mcp:tasks-are-kept": {
    source: "docs/mcp.md",
    behavior:
      "A task is its principal's alone, and is there after a crash: its result, its questions, or why it has failed.",
    tests: ["test/e2e/tasks.e2e.test.ts", "test/mesh/task/desk.do.test.ts"],
  },
};
