/** Hops through the whole mesh, from a call to its outcome, by builtin and binding agents. @promise chain:no-cycle-no-depth */
import { describe, expect, it } from "vitest";
import { freshMesh, rejectionOf } from "../../support/workers/mesh.ts";

describe.concurrent("paths across kinds of endpoints", () => {
  it("a loop builtin → binding → builtin is refused with its whole path, and stands in the lineage", async () => {
    const { call, graph, registerBinding } = freshMesh();
    await registerBinding("reviewer");
    const outcome = await call("relay-a", { path: ["reviewer", "relay-a"], input: 1 });
    const path = ["relay-a", "reviewer", "relay-a"];
    expect(outcome).toMatchObject({ ok: true, output: { refused: { code: "cycle_detected", path } } });
    const { hops } = await graph(outcome);
    expect(hops.map(({ status, code, path }) => ({ status, code, path }))).toEqual([
      { status: "done", code: null, path: path.slice(0, 1) },
      { status: "done", code: null, path: path.slice(0, 2) },
      { status: "rejected", code: "cycle_detected", path },
    ]);
  });

  it("an alias of a binding on the path is the same agent", async () => {
    const { output, registerBinding } = freshMesh();
    await registerBinding("reviewer");
    await registerBinding("second-reviewer");
    const refused = await output("reviewer", { path: ["relay-a", "second-reviewer"], input: 1 });
    const path = ["reviewer", "relay-a", "second-reviewer"];
    expect(refused).toMatchObject({ refused: { code: "cycle_detected", path } });
  });

  it("a chain goes 12 levels deep across kinds, and its 13th is refused", async () => {
    const { call, output, graph, registerBinding } = freshMesh();
    await registerBinding("reviewer");
    const policy = { maxDepth: 12, cycle: { rule: "allow", times: 12 } } as const;
    const levels = ["reviewer", "relay-b", "reviewer", "relay-c"];
    const path = Array.from({ length: 11 }, (_, n) => levels[n % 4] ?? "");
    const outcome = await call("relay-a", { path, input: "bottom" }, { policy });
    expect(outcome).toMatchObject({ ok: true, output: "bottom", usage: { hops: 12 } });
    expect((await graph(outcome)).hops.map(({ depth }) => depth)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));

    const refused = { code: "depth_exceeded", limit: 12, actual: 13, path: ["relay-a", ...path, "echo"] };
    expect(await output("relay-a", { path: [...path, "echo"], input: 1 }, { policy })).toMatchObject({ refused });
  });

  it("an agent that does not catch a refusal fails with it, and says why", async () => {
    const { call, chain } = freshMesh();
    const outcome = await call("teller", { word: "x" }, { skill: "twice", budget: { hops: 1 } });
    expect(rejectionOf(outcome)).toMatchObject({
      code: "upstream_error",
      detail: expect.stringMatching(/^Agent 'teller' gave up: .*hops to 2, and the limit of the chain is 1/),
    });
    expect(await chain(outcome)).toMatchObject({ status: "failed", spent: { hops: 1 } });
  });
});

describe.concurrent("what an agent may do with its hop", () => {
  it("it learns where it stands and what is left, and what it reports is booked", async () => {
    const { call, chain } = freshMesh();
    const budget = { hops: 9, tokens: 500, costMicros: 700, wallMs: 30_000, concurrency: 4 };
    const outcome = await call("teller", { tokens: 123, costMicros: 45 }, { skill: "tell", budget });
    expect(outcome).toMatchObject({
      output: {
        before: { hops: 8, tokens: 500, costMicros: 700, concurrency: 3, depth: 7 },
        agent: "teller",
        skill: "tell",
        depth: 1,
        hopId: outcome.hopId,
      },
      usage: { hops: 1, tokens: 123, costMicros: 45 },
    });
    const { leftMs } = (outcome as { output: { leftMs: number } }).output;
    expect(leftMs).toBeGreaterThan(28_000);
    expect(leftMs).toBeLessThanOrEqual(30_000);
    expect((await chain(outcome)).spent).toMatchObject({ hops: 1, tokens: 123, costMicros: 45 });
  });

  it("it learns what its callees have used as the ledger has it, and what is left then, whether they ended well or not", async () => {
    const { call, graph, chain } = freshMesh();
    const deep = { path: ["relay-b", "relay-c"], input: "€" };
    const calls = [
      { agent: "relay-a", input: deep },
      { agent: "teller", skill: "fail", input: "throw" },
      { agent: "relay-a", input: { path: ["nobody"], input: 1 } },
      { agent: "teller", skill: "twice", input: { word: crypto.randomUUID() } },
      { agent: "echo", input: { a: 1 } },
    ];
    const policy = { cycle: { rule: "allow", times: 2 } } as const;
    const budget = { hops: 100, bytes: 100_000 };
    const outcome = await call("teller", calls, { skill: "ask", policy, budget });
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.rejection));
    type Told = { usage?: { hops: number; bytes: number }; left: { hops: number; bytes: number } };
    const told = outcome.output as Told[];
    const { hops } = await graph(outcome);
    const below = (hopId: string): typeof hops => {
      const own = hops.filter((hop) => hop.parentHopId === hopId);
      return [...own, ...own.flatMap((hop) => below(hop.hopId))];
    };
    const sum = (of: typeof hops) => ({
      hops: of.reduce((all, { usage }) => all + usage.hops, 0),
      bytes: of.reduce((all, { usage }) => all + usage.bytes, 0),
    });
    const [root, ...others] = hops;
    const called = others.filter(({ parentHopId }) => parentHopId === root?.hopId);
    expect(called.map(({ callee, status }) => `${callee} ${status}`)).toEqual([
      "relay-a done",
      "teller error",
      "relay-a done",
      "teller done",
      "echo done",
    ]);
    let used = { hops: 1, bytes: JSON.stringify(calls).length + 2 };
    for (const [place, hop] of called.entries()) {
      const whole = sum([hop, ...below(hop.hopId)]);
      if (hop.status === "done") expect(told[place]?.usage).toMatchObject(whole);
      used = { hops: used.hops + whole.hops, bytes: used.bytes + whole.bytes };
      expect(told[place]?.left).toMatchObject({ hops: 100 - used.hops, bytes: 100_000 - used.bytes });
    }
    const { hops: made, bytes } = sum(hops);
    expect(outcome.usage).toMatchObject({ hops: made, bytes });
    expect((await chain(outcome)).spent).toMatchObject({ hops: made, bytes });
  });

  it("what a callee has begun and not waited for is in what it has used", async () => {
    const { output } = freshMesh();
    const calls = [{ agent: "forgetful", input: { word: crypto.randomUUID() } }];
    const told = await output("teller", calls, { skill: "ask" });
    // The listener was cancelled with it, and its estimate stands for what nobody knows.
    expect(told).toMatchObject([{ usage: { hops: 2, tokens: 11 } }]);
  });

  it("of 60 calls at once under a budget of 20 hops, 19 are made and 41 refused", async () => {
    const { call, chain } = freshMesh();
    const outcome = await call("fan", { agent: "echo", times: 60, input: "x" }, { budget: { hops: 20 } });
    expect(outcome).toMatchObject({ output: { done: 19, budget_exceeded: 41 }, usage: { hops: 20 } });
    expect(await chain(outcome)).toMatchObject({ status: "done", hops: { done: 20, rejected: 41, open: 0 } });
  });

  it("an allowance bounds the callee and all below it, and its rest returns", async () => {
    const { call, output, chain } = freshMesh();
    const nested = { agent: "echo", times: 10, input: "x" };
    const input = { agent: "fan", times: 1, input: nested, allowance: { hops: 4 } };
    expect(await output("fan", input)).toEqual({ cycle_detected: 1 });
    const policy = { cycle: { rule: "allow", times: 2 } } as const;
    const outcome = await call("fan", input, { policy, budget: { hops: 10 } });
    expect(outcome).toMatchObject({ output: { done: 1 }, usage: { hops: 5 } });
    expect(await chain(outcome)).toMatchObject({ spent: { hops: 5 }, reserved: { hops: 0 }, hops: { rejected: 7 } });
  });

  it("two calls of one hop under one key are one call, with what was said of it kept", async () => {
    const { call, graph } = freshMesh();
    const outcome = await call("teller", { word: "key" }, { skill: "twice" });
    const [first, second] = (outcome as { output: { hopId: string }[] }).output;
    expect(first?.hopId).toMatch(/^[0-9a-f]{16}$/);
    expect(first?.hopId).toBe(second?.hopId);
    expect((await graph(outcome)).hops).toMatchObject([
      { callee: "teller" },
      { callee: "echo", metadata: { word: "key" } },
    ]);
  });

  it.each([
    ["throw", /failed: no luck/],
    ["misreport", /whole numbers from 0/],
    ["misfit", /does not fit the schema of teller\/fail/],
    ["bigint", /BigInt|schema/],
    ["circle", /circular|schema/],
    ["deep", /stack|nest|schema/],
  ])("an agent that fails (%s) is an upstream_error that says how, and its hop an error", async (how, detail) => {
    const { call, chain } = freshMesh();
    const outcome = await call("teller", how, { skill: "fail" });
    expect(rejectionOf(outcome)).toMatchObject({ code: "upstream_error", detail: expect.stringMatching(detail) });
    expect(await chain(outcome)).toMatchObject({ status: "failed", hops: { error: 1, open: 0 } });
  });

  it("a payload is its JSON: members that are undefined are not there", async () => {
    const { call, chain } = freshMesh();
    const policy = { cycle: { rule: "allow", times: 2 } } as const;
    const outcome = await call("teller", null, { skill: "absent", policy });
    expect(outcome).toMatchObject({ ok: true, output: { here: 1 } });
    expect(await chain(outcome)).toMatchObject({ status: "done", hops: { done: 2, open: 0 } });
  });

  it("NUL and lone surrogates in an input come through unharmed, by every kind", async () => {
    const { output, registerBinding } = freshMesh();
    await registerBinding("reviewer");
    const input = { "a\u0000": "\ud800 and \u0000", list: ["\udfff"] };
    expect(await output("echo", input)).toEqual(input);
    expect(await output("relay-a", { path: ["reviewer", "relay-b"], input })).toEqual(input);
  });

  it("100 calls at once, of four agents and both kinds, are all answered, each with its own output", async () => {
    const { output, registerBinding } = freshMesh();
    await registerBinding("reviewer");
    const paths = [["echo"], ["reviewer"], ["relay-b", "relay-c"], []];
    const outputs = await Promise.all(
      Array.from({ length: 100 }, (_, n) => output("relay-a", { path: paths[n % 4], input: n })),
    );
    const expected = Array.from({ length: 100 }, (_, n) => (n % 4 === 0 ? { path: [], input: n } : n));
    expect(outputs).toEqual(expected);
  });
});

describe.concurrent("Idempotency-Key", () => {
  it("equal requests at once run once, and all get the first one's answer", async () => {
    const { call } = freshMesh();
    const idempotencyKey = crypto.randomUUID();
    const count = () => call("teller", { word: idempotencyKey, ms: 200 }, { skill: "count", idempotencyKey });
    const outcomes = await Promise.all(Array.from({ length: 8 }, count));
    for (const outcome of [...outcomes, await count()]) {
      expect(outcome).toMatchObject({ ok: true, output: 1, hopId: outcomes[0]?.hopId });
    }
  });

  it("another request under the same key is a conflict, and does not run", async () => {
    const { call, output } = freshMesh();
    const idempotencyKey = crypto.randomUUID();
    const input = { word: idempotencyKey, ms: 0 };
    await call("teller", input, { skill: "count", idempotencyKey });
    const other = await call("teller", { ...input, ms: 1 }, { skill: "count", idempotencyKey });
    expect(rejectionOf(other).code).toBe("conflict");
    expect(await output("teller", input, { skill: "count" })).toBe(2);
  });
});
