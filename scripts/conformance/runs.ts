/** The runs of the conformance suites, and the file of failures that each expects. */

export interface Run {
  readonly name: string;
  /** The package, by the name under which it is installed. */
  readonly suite: "mcp-conformance" | "mcp-conformance-next";
  readonly args: readonly string[];
  /** In test/conformance/mcp. */
  readonly expected: string;
}

export const RUNS: readonly Run[] = [
  {
    name: "0.1.16, active scenarios",
    suite: "mcp-conformance",
    args: ["--suite", "active"],
    expected: "expected-0.1.16.yml",
  },
  {
    name: "0.2.0-alpha.12, 2025-11-25",
    suite: "mcp-conformance-next",
    args: ["--requirements", "2025-11-25"],
    expected: "expected-2025-11-25.yml",
  },
  {
    name: "0.2.0-alpha.12, 2026-07-28 with the tasks extension",
    suite: "mcp-conformance-next",
    args: ["--requirements", "2026-07-28"],
    expected: "expected-2026-07-28.yml",
  },
];
