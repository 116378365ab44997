/**
 * What a chain and a hop cost on disk: `node bench/disk.ts`. A started server runs chains of one hop, and of fifty; its
 * databases are measured when it is stopped, so that no journal is counted.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "../scripts/serve/build.ts";
import { bytesByObject } from "./long/state.ts";
import { freePort, startWorkerd } from "./systems.ts";

const KEY = "k".repeat(40);
const CHAINS = 2_000;
const FANS = 200;
const HOPS = 45;
const WAVE = 16;
const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "hopline-bench-"));
  const state = join(folder, "state");
  const bundle = build("bench/worker/graph.ts", ["bench/worker/graph.ts"]);
  const port = await freePort();
  const options = { port, env: { ...process.env, HOPLINE_ADMIN_KEY: KEY } };
  const invoke = async (agent: number, input: string, key?: string) => {
    const more = key === undefined ? {} : { "idempotency-key": key };
    const body = JSON.stringify({ input });
    const url = `http://127.0.0.1:${port}/v1/agents/agent-${agent % HOPS}/invoke`;
    const response = await fetch(url, { method: "POST", headers: { ...headers, ...more }, body });
    if (!response.ok) throw new Error(await response.text());
    await response.arrayBuffer();
  };
  /** Runs a server over some calls and says by how much its databases have grown. */
  const grownBy = async (calls: number, call: (place: number) => Promise<void>) => {
    const before = bytesByObject(state);
    const workerd = await startWorkerd(folder, (to) => cpSync(bundle, to), options);
    for (let made = 0; made < calls; made += WAVE) {
      await Promise.all(Array.from({ length: Math.min(WAVE, calls - made) }, (_, place) => call(made + place)));
    }
    await sleep(1_500);
    workerd.stop();
    await workerd.ended;
    const after = bytesByObject(state);
    const grown = (kind: string) => (after[kind] ?? 0) - (before[kind] ?? 0);
    return { ledger: grown("hopline-Ledger") / calls, index: grown("hopline-MeshIndex") / calls };
  };
  try {
    // The first databases are mostly empty pages.
    await grownBy(CHAINS, (place) => invoke(place, "none"));
    const single = await grownBy(CHAINS, (place) => invoke(place, "none"));
    const fan = await grownBy(FANS, (place) => invoke(place, "all"));
    const keyed = await grownBy(CHAINS, (place) => invoke(place, "none", `key-${place}`));
    const say = (what: string, { ledger, index }: { ledger: number; index: number }) =>
      console.log(`${what.padEnd(44)} ledger ${Math.round(ledger)} B, index ${Math.round(index)} B`);
    say("a chain of one hop", single);
    say(`a chain of ${HOPS} hops`, fan);
    console.log(`each further hop: ${Math.round((fan.ledger - single.ledger) / (HOPS - 1))} B in the ledger`);
    say("a chain of one hop under an Idempotency-Key", keyed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
