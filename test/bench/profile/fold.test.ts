import { describe, expect, it } from "vitest";
import { areaOfPath, fold } from "../../../bench/profile/fold.ts";
import type { CpuProfile } from "../../../bench/profile/inspector.ts";
import { bytesByOrigin, originOf, readBundle } from "../../../bench/profile/modules.ts";

const BUNDLE = `// bundler's own
// ../../somewhere/node_modules/zod/v4/core.js
function check() {
}
// mesh/chain/chains.ts
function insertChain(sql, chain) {
  sql.exec(
    "INSERT INTO chain VALUES (?)",
    chain
  );
}
function rule(chain) {
  return chain;
}
var require_ip = __commonJS({
  "node_modules/ipaddr.js/lib/ipaddr.js"(exports, module) {
    module.exports = {};
  }
});
// src/app.ts
function serve() {
}`;
const line = (text: string) => BUNDLE.split("\n").indexOf(text);

describe("a bundle", () => {
  const { moduleOf, isStatement } = readBundle(BUNDLE);

  it("names the source of each line, wherever its packages are linked from", () => {
    expect(moduleOf(0)).toBeUndefined();
    expect(moduleOf(line("function check() {"))).toBe("node_modules/zod/v4/core.js");
    expect(moduleOf(line("    chain"))).toBe("mesh/chain/chains.ts");
    expect(moduleOf(line("    module.exports = {};"))).toBe("node_modules/ipaddr.js/lib/ipaddr.js");
    expect(moduleOf(line("function serve() {"))).toBe("src/app.ts");
  });

  it("knows a function that is a statement to the database, and not the one below it", () => {
    expect(isStatement(line("function insertChain(sql, chain) {"))).toBe(true);
    expect(isStatement(line("function rule(chain) {"))).toBe(false);
  });

  it("is made of what its bytes come from, all of them", () => {
    const parts = bytesByOrigin(BUNDLE);
    expect(parts.map(({ origin }) => origin).toSorted()).toEqual(["(bundler)", "ipaddr.js", "mesh", "src", "zod"]);
    expect(parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(BUNDLE.length + 1);
  });

  it("counts what a package brings with it as its own", () => {
    expect(originOf("node_modules/@noble/hashes/sha2.js")).toBe("@noble/hashes");
    expect(originOf("node_modules/a/node_modules/b/index.js")).toBe("b");
  });
});

it("the longest path decides what a source belongs to", () => {
  expect(areaOfPath("mesh/chain/purses.ts")).toBe("ledger: rules, purses, rows");
  expect(areaOfPath("mesh/cursor.ts")).toBe("mesh, other");
  expect(areaOfPath("meshes/cursor.ts")).toBe("other: meshes");
  expect(areaOfPath("node_modules/hono/dist/router.js")).toBe("router (hono)");
});

const frame = (functionName: string, lineNumber = -1) => ({ functionName, url: "index.js", lineNumber });

it("a profile's time is all in one place each: idling apart, statements apart, the runtime's functions by what they do", () => {
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2, 3, 4, 8] },
      { id: 2, callFrame: frame("(idle)") },
      { id: 3, callFrame: frame("(garbage collector)") },
      { id: 4, callFrame: frame("rule", line("function rule(chain) {")), children: [5, 6] },
      { id: 5, callFrame: frame("insertChain", line("function insertChain(sql, chain) {")), children: [7] },
      { id: 6, callFrame: frame("") },
      { id: 7, callFrame: frame("exec") },
      { id: 8, callFrame: frame("toString") },
    ],
    samples: [2, 3, 4, 5, 6, 7, 7, 8],
    timeDeltas: [1_000, 10, 20, 30, 40, 50, 60, 5],
  };
  const { busy, idle, areas, functions } = fold(profile, readBundle(BUNDLE));
  expect(idle).toBe(1_000);
  expect(busy).toBe(215);
  expect(
    Object.fromEntries(areas.filter(({ micros }) => micros > 0).map(({ name, micros }) => [name, micros])),
  ).toEqual({
    "SQL statements": 140,
    "RPC calls": 40,
    "ledger: rules, purses, rows": 20,
    "garbage collection": 10,
    "runtime functions, other": 5,
  });
  expect(functions[0]).toEqual({ name: "[exec] < insertChain  mesh/chain/chains.ts", micros: 110 });
});

it("the runtime's own JavaScript is not taken for the bundle's at the same line", () => {
  const at = line("function rule(chain) {");
  const timers = { functionName: "Timeout", url: "node-internal:internal_timers", lineNumber: at };
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: timers, children: [2] },
      { id: 2, callFrame: frame("setTimeout") },
    ],
    samples: [1, 2],
    timeDeltas: [3, 4],
  };
  const { functions } = fold(profile, readBundle(BUNDLE));
  expect(functions.map(({ name }) => name)).toEqual([
    "[setTimeout] < Timeout  node-internal:internal_timers",
    "Timeout  node-internal:internal_timers",
  ]);
});
