// The mesh's graph over HTTP: what it says, in every format, how soon, and what a crash leaves of it.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "../mesh/chain/render/mermaid-parser.ts";
import { xmlOf } from "../mesh/chain/render/xml-reader.ts";
import type { AgentHost } from "../support/server/agent.ts";
import type { Chain } from "../support/server/client.ts";
import type { MeshServer } from "../support/server/mesh.ts";
import { staged } from "../support/server/staged.ts";
import { until } from "../support/server/until.ts";

/** The promise is a second; a machine that runs other tests may be slower. */
const BEHIND_MS = 3_000;

interface Edge {
  readonly from: string;
  readonly to: string;
  readonly calls: number;
  readonly errors: number;
  readonly rejected: number;
  readonly rejections: Record<string, number>;
  readonly latencyMs: Record<"p50" | "p95" | "p99", number | null>;
  readonly tokens: number;
  readonly costMicros: number;
  readonly firstAt: number;
  readonly lastAt: number;
}
interface MeshGraph {
  readonly since: number;
  readonly nodes: readonly { id: string; kind: string; name: string }[];
  readonly edges: readonly Edge[];
}

let mesh: MeshServer;
let host: AgentHost;

staged((stage) => ({ mesh, host } = stage));

const get = (query = "", accept?: string) =>
  mesh.client.send(`/v1/graph${query}`, accept === undefined ? {} : { headers: { accept } });
const read = async (query = "") => (await get(query)).body as MeshGraph;
const edgeOf = ({ edges }: MeshGraph, from: string, to: string) =>
  edges.find((edge) => edge.from === from && edge.to === to);

describe("the mesh's graph", () => {
  let startedAt = 0;

  beforeAll(async () => {
    startedAt = Date.now();
    await host.agent("leaf", (input) => input);
    await host.agent("boss", async (_, call) => {
      await Promise.all(Array.from({ length: 12 }, (_, n) => call.invoke("leaf", n)));
      return (await call.invoke("boss", 1)).status;
    });
    expect((await mesh.client.invoke("boss", 1)).result.output).toBe(508);
    await mesh.client.invoke("nobody-there", 1);
  });

  test("has every edge with its calls, refusals by code, latencies and times, at most a second behind", async () => {
    const graph = await until(
      "the graph has the chain",
      async () => {
        const found = await read();
        return edgeOf(found, "caller:admin", "boss") && found;
      },
      BEHIND_MS,
    );
    expect(edgeOf(graph, "boss", "leaf")).toMatchObject({ calls: 12, errors: 0, rejected: 0 });
    expect(edgeOf(graph, "boss", "boss")).toMatchObject({ calls: 1, rejections: { cycle_detected: 1 } });
    const { latencyMs, firstAt, lastAt } = edgeOf(graph, "boss", "leaf") as Edge;
    expect(latencyMs.p50).toBeGreaterThan(0);
    expect(latencyMs.p99).toBeGreaterThanOrEqual(latencyMs.p50 ?? Number.NaN);
    expect(firstAt).toBeGreaterThanOrEqual(startedAt);
    expect(lastAt).toBeGreaterThanOrEqual(firstAt);
    expect(graph.nodes).toContainEqual({ id: "caller:admin", kind: "caller", name: "admin" });
    expect(graph.nodes).toContainEqual({ id: "leaf", kind: "agent", name: "leaf" });
  });

  test("can be of one agent, and begin at a time", async () => {
    const { edges } = await read("?agent=leaf");
    expect(edges.map(({ from, to }) => [from, to])).toEqual([["boss", "leaf"]]);
    expect((await read("?agent=nobody")).edges).toEqual([]);
    const later = await read(`?since=${Date.now() + 3_600_000}`);
    expect(later.since).toBeLessThanOrEqual(Date.now());
    expect(later.since).toBeGreaterThan(Date.now() - 61_000);
    const all = await read(`?since=${startedAt}`);
    expect(all.since).toBe(startedAt - (startedAt % 60_000));
    expect(edgeOf(all, "boss", "leaf")?.calls).toBe(12);
  });

  test("comes as Mermaid, dot and SVG, by `format` and by Accept, and each is read by its own reader", async () => {
    const graphviz = await Graphviz.load();
    const formats = { mermaid: "text/vnd.mermaid", dot: "text/vnd.graphviz", svg: "image/svg+xml" };
    for (const [format, type] of Object.entries(formats)) {
      const [asked, accepted] = [await get(`?format=${format}`), await get("", `${type}, text/html;q=0.1`)];
      expect([asked.status, accepted.status]).toEqual([200, 200]);
      expect(asked.headers.get("content-type")).toBe(`${type}; charset=utf-8`);
      expect(accepted.headers.get("content-type")).toBe(asked.headers.get("content-type"));
      expect(accepted.text).toBe(asked.text);
      expect(asked.text).toContain(format === "mermaid" ? "#215;12" : "×12");
      expect(asked.text).toContain("cycle_detected");
      expect(asked.headers.get("content-security-policy")).toContain("default-src 'none'");
      if (format === "mermaid") expect(await parse(asked.text)).toMatchObject({ diagramType: "flowchart-v2" });
      else xmlOf(format === "svg" ? asked.text : graphviz.layout(asked.text, "svg", "dot"));
    }
    expect((await get("", "*/*")).headers.get("content-type")).toBe("application/json");
  });

  test("refuses formats that there are not, naming those there are", async () => {
    for (const format of ["otlp", "png", ""]) {
      const { problem } = await get(`?format=${format}`);
      expect([problem.status, problem.code]).toEqual([400, "invalid_request"]);
      expect(JSON.stringify(problem)).toContain("json, mermaid, dot, svg");
    }
    const refused = await get("", "application/vnd.hopline.otlp+json");
    expect(refused.status).toBe(406);
    expect(refused.problem.detail).toContain("image/svg+xml (format=svg)");
    expect(refused.problem.detail).not.toContain("otlp");
    for (const query of ["?since=-1", "?since=yesterday", "?agent=", `?agent=${"x".repeat(64)}`, "?until=1"]) {
      expect((await get(query)).problem, query).toMatchObject({ status: 400, code: "invalid_request" });
    }
  });
});

describe("kill -9 of a server whose ledgers have much to tell", () => {
  const ROOTS = 60;
  const CALLS = 40;
  const LEASES_MS = 30_000;

  /** What every chain's own graph says, summed by caller, callee and end. */
  async function chainsSum(ids: readonly string[]): Promise<{ open: number; edges: Record<string, string> }> {
    const sums = new Map<string, { calls: number; errors: number; rejected: number; tokens: number }>();
    let open = 0;
    for (const id of ids) {
      for (const hop of (await mesh.client.graph(id)).hops) {
        if (hop.status === "open") open += 1;
        const from = hop.parentHopId === null ? `caller:${hop.caller}` : hop.caller;
        const sum = sums.get(`${from} ${hop.callee}`) ?? { calls: 0, errors: 0, rejected: 0, tokens: 0 };
        sums.set(`${from} ${hop.callee}`, sum);
        sum.calls += 1;
        if (hop.status === "rejected") sum.rejected += 1;
        else if (hop.status !== "done") sum.errors += 1;
        sum.tokens += hop.usage.tokens;
      }
    }
    return { open, edges: Object.fromEntries([...sums].map(([key, sum]) => [key, JSON.stringify(sum)])) };
  }

  async function meshSum(): Promise<Record<string, string>> {
    const { edges } = await read();
    const ours = edges.filter(({ from, to }) => /^crowd|^one$/.test(to) || /^crowd/.test(from));
    return Object.fromEntries(
      ours.map(({ from, to, calls, errors, rejected, tokens }) => [
        `${from} ${to}`,
        JSON.stringify({ calls, errors, rejected, tokens }),
      ]),
    );
  }

  /** What the ledger has not told, in the files that the crash has left: numbers of its rows, and commits that are in no row yet. */
  function unsent(): number {
    const folder = join(mesh.data, "state", "hopline-Ledger");
    const files = readdirSync(folder).filter((name) => /^[0-9a-f]+\.sqlite$/.test(name));
    return files.reduce((sum, file) => {
      const database = new DatabaseSync(join(folder, file));
      const row = database
        .prepare(
          `SELECT COALESCE((SELECT MAX(MAX(id), MAX(COALESCE(ended_seq, 0))) FROM hop), 0) - (SELECT sent FROM outbox)
             + (SELECT COUNT(*) FROM journal) AS unsent`,
        )
        .get() as { unsent: number };
      database.close();
      return sum + row.unsent;
    }, 0);
  }

  test("loses none of it: the mesh's graph comes to what the chains' own graphs say", async () => {
    let answered = 0;
    const used = () => ({ tokens: 3 });
    await host.agent("one", (input) => input, { timeoutMs: 1_000, estimate: used() });
    for (const name of ["crowd-a", "crowd-b"]) {
      await host.agent(
        name,
        async (_, call) => {
          for (let made = 0; made < CALLS; made += 10) {
            await Promise.all(Array.from({ length: 10 }, (_, n) => call.invoke("one", n)));
            answered += 10;
          }
          return (await call.invoke(name, 1)).status;
        },
        { timeoutMs: 4_000 },
      );
    }
    const acknowledged: string[] = [];
    const running: Promise<unknown>[] = [];
    for (let root = 0; root < ROOTS; root++) {
      const invoked = mesh.client.invoke(root % 2 === 0 ? "crowd-a" : "crowd-b", root, { budget: { hops: 100 } });
      running.push(invoked.then((reply) => acknowledged.push(reply.result.chainId)).catch(() => undefined));
    }
    await until("most of it was answered", () => answered > ROOTS * CALLS * 0.7, 60_000);
    await mesh.crash();
    await Promise.all(running);
    expect(unsent()).toBeGreaterThan(0);
    await mesh.restart();
    // The list is the index's: nobody asks the ledgers, they tell it by themselves.
    const listed = await until("the list has every chain", async () => {
      const items = await mesh.client.all<Pick<Chain, "chainId"> & { root: { agent: string } }>("/v1/chains?limit=200");
      const crowd = items.filter(({ root }) => root.agent.startsWith("crowd"));
      return crowd.length === ROOTS && crowd.map(({ chainId }) => chainId);
    });
    expect(acknowledged.filter((id) => !listed.includes(id))).toEqual([]);
    const chains = await until(
      "no hop is open",
      async () => {
        const sum = await chainsSum(listed);
        return sum.open === 0 && sum;
      },
      LEASES_MS,
    );
    const hops = Object.values(chains.edges).reduce(
      (sum, edge) => sum + (JSON.parse(edge) as { calls: number }).calls,
      0,
    );
    expect(hops).toBeGreaterThan(ROOTS * CALLS * 0.7);
    await until(
      "the mesh's graph says the same",
      async () => {
        return JSON.stringify(await meshSum()) === JSON.stringify(sorted(chains.edges));
      },
      BEHIND_MS,
    ).catch(async () => expect(await meshSum()).toEqual(chains.edges));
    // And after another crash, from the rows alone.
    await mesh.crash();
    await mesh.restart();
    expect(await meshSum()).toEqual(chains.edges);
  });

  function sorted(edges: Record<string, string>): Record<string, string> {
    return Object.fromEntries(Object.entries(edges).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
});
