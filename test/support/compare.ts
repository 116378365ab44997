/** Whether the ledger's rows and the model say the same, and whether the rows keep the promises by themselves. */
import { type ChainRow, readChain } from "../../mesh/chain/chains.ts";
import type { Decision } from "../../mesh/chain/facts.ts";
import { type Amounts, type HopRow, readHopByRow } from "../../mesh/chain/hops.ts";
import type { Purse } from "../../mesh/chain/purses.ts";
import type { LedgerDatabase } from "../../mesh/chain/settlement.ts";
import { chainView, readHopViews } from "../../mesh/chain/views.ts";
import { COUNTED, type Counted } from "../../mesh/limits.ts";
import { firstRow } from "../../mesh/sql.ts";
import { type ModelChain, type ModelHop, openHops, openUnder } from "./model.ts";
import type { ModelPurse } from "./model-purses.ts";

/** Throws with the first difference: cheaper by far than an assertion library at this rate. */
function same(what: string, ledger: unknown, model: unknown): void {
  if (ledger !== model) throw new Error(`${what}: the ledger has ${String(ledger)}, expected ${String(model)}`);
}

export function compareDecision(decision: Decision, hop: ModelHop): void {
  const { refusal } = hop;
  if (decision.verdict === "joined") throw new Error("joined without a key");
  if (decision.verdict === "admitted") {
    same("decision code", "admitted", refusal?.code ?? "admitted");
    same("decision depth", decision.depth, hop.depth);
    same("decision deadline", decision.deadlineMs, hop.deadlineMs);
    same("decision attempt", decision.attempt, hop.attempt);
    return;
  }
  const { rejection, recorded } = decision;
  same("decision code", rejection.code, refusal?.code ?? "admitted");
  same("recorded", recorded, refusal?.code !== "token_invalid");
  if (rejection.code === "budget_exceeded") same("dimension", rejection.dimension, refusal?.dimension);
  if (rejection.code !== "budget_exceeded" && rejection.code !== "depth_exceeded") return;
  same("limit", rejection.limit, refusal?.limit);
  same("actual", rejection.actual, refusal?.actual);
}

/** @param wasOpen ids of the hops that were open before the step */
export function compareState(
  ledger: LedgerDatabase,
  chainId: string,
  model: ModelChain,
  now: number,
  wasOpen: ReadonlySet<string>,
): void {
  const chain = readChain(ledger.sql, chainId);
  if (chain === undefined) throw new Error("the ledger has no such chain");
  const hops = readHops(ledger, chain);
  compareChain(chain, model, now);
  same("hop rows", hops.length, model.hops.length);
  for (const [place, hop] of hops.entries()) compareHop(hop, model.hops[place] as ModelHop);
  const ended = hops.filter((hop) => hop.status !== "open" && wasOpen.has(hop.hopId));
  same(
    "hops said to have ended",
    [...ledger.ended].sort().join(),
    ended
      .map((hop) => hop.id)
      .sort()
      .join(),
  );
  keepsItsPromises(chain, hops);
  waitsForItsLeases(ledger, chain, hops);
}

function readHops({ sql }: LedgerDatabase, chain: ChainRow): HopRow[] {
  return readHopViews(sql, chain.id, 0, 1_000).map((view) => {
    const hop = readHopByRow(sql, view.row) as HopRow;
    for (const d of COUNTED) same(`view of ${hop.hopId} ${d}`, view[d], hop.used[d]);
    same("view's parent", view.parentRow, hop.parent);
    return hop;
  });
}

function compareChain(chain: ChainRow, model: ModelChain, now: number): void {
  same("chain status", chain.status, model.status);
  same("chain gauge", chain.open, openHops(model));
  const view = chainView(chain, now);
  for (const d of COUNTED) {
    comparePurse(`root ${d}`, chain.purses[d], model.root[d]);
    same(`spent ${d}`, view.spent[d], model.root[d].spent);
    same(`reserved ${d}`, view.reserved[d], model.root[d].held);
    same(`overrun ${d}`, view.overrun[d], model.root[d].over);
  }
  for (const status of ["open", "done", "error", "rejected", "lost", "cancelled"] as const) {
    same(`count of ${status}`, view.hops[status], model.hops.filter((hop) => hop.status === status).length);
  }
}

function comparePurse(name: string, purse: Purse | undefined, model: ModelPurse | undefined): void {
  same(`${name} is there`, purse !== undefined, model !== undefined);
  if (purse === undefined || model === undefined) return;
  for (const field of ["limit", "spent", "held", "over", "overran", "closed"] as const) {
    same(`${name} ${field}`, purse[field], model[field]);
  }
}

function compareHop(hop: HopRow, model: ModelHop): void {
  const name = `hop ${Number.parseInt(hop.hopId, 16)}`;
  same(`${name} id`, hop.hopId, model.id);
  same(`${name} status`, hop.status, model.status);
  same(`${name} attempt`, hop.attempt, model.attempt);
  same(`${name} late`, hop.late, model.late);
  for (const d of COUNTED) {
    same(`${name} used ${d}`, hop.used[d], model.used[d]);
    comparePurse(`${name} ${d}`, hop.purses?.counted[d], model.own[d]);
  }
  if (hop.status !== "open") return;
  same(`${name} lease`, hop.leaseAt, model.lease.endsAt);
  same(`${name} deadline`, hop.deadlineMs, model.deadlineMs);
  same(`${name} gauge limit`, hop.purses?.concurrency?.limit, model.gauge);
  if (model.gauge !== undefined) same(`${name} gauge`, hop.purses?.concurrency?.open, openUnder(model));
}

/** The invariants, from the ledger's rows alone. */
function keepsItsPromises(chain: ChainRow, hops: readonly HopRow[]): void {
  const byRow = new Map(hops.map((hop) => [hop.id, hop]));
  for (const d of COUNTED) {
    const onPurse = new Map<Purse, number>();
    const hold = (purse: Purse, amount: number) => onPurse.set(purse, (onPurse.get(purse) ?? 0) + amount);
    hold(chain.purses[d], 0);
    for (const hop of hops) {
      const own = hop.purses?.counted[d];
      const above = standing(byRow, chain, hop.parent, d);
      if (own) hold(own, 0);
      if (own && !own.closed) hold(above, own.limit - own.spent);
      if (hop.status === "open") hold(own ?? above, d === "tokens" || d === "costMicros" ? hop.estimate[d] : 0);
    }
    for (const [purse, held] of onPurse) {
      if (purse.limit - purse.spent - purse.held < 0) throw new Error(`${d}: free < 0 in ${JSON.stringify(purse)}`);
      if (purse.spent < 0 || purse.held < 0) throw new Error(`${d}: negative in ${JSON.stringify(purse)}`);
      same(`${d} held is what is reserved on it and left below`, purse.held, held);
    }
    const root = chain.purses[d];
    same(
      `${d} charges`,
      root.spent + root.over,
      total(hops, (hop) => hop.used[d]),
    );
    if (chain.status !== "running") same(`${d} held after the end`, root.held, 0);
  }
  for (const hop of hops) compareBelow(hop, hops);
}

function standing(byRow: ReadonlyMap<number, HopRow>, chain: ChainRow, row: number | null, d: Counted): Purse {
  const hop = row === null ? undefined : byRow.get(row);
  if (hop === undefined) return chain.purses[d];
  return hop.purses?.counted[d] ?? standing(byRow, chain, hop.parent, d);
}

function compareBelow(hop: HopRow, hops: readonly HopRow[]): void {
  const settled = hops.filter((child) => child.parent === hop.id && child.status !== "open");
  for (const d of COUNTED) {
    const sum = total(settled, (child) => child.used[d] + child.below[d]);
    same(`hop ${Number.parseInt(hop.hopId, 16)} below ${d}`, hop.below[d], sum);
  }
}

function total(hops: readonly HopRow[], amount: (hop: HopRow) => Amounts[keyof Amounts]): number {
  return hops.reduce((sum, hop) => sum + amount(hop), 0);
}

/** No lease that nothing looks at: the chain's due time is never later than its first lease. */
function waitsForItsLeases({ sql }: LedgerDatabase, chain: ChainRow, hops: readonly HopRow[]): void {
  const dueOf = (kind: string) =>
    firstRow(sql.exec<{ at: number }>("SELECT at FROM due WHERE kind = ? AND ref = ?", kind, chain.id))?.at ?? null;
  const due = dueOf("lease");
  same("due time of the leases", chain.leaseDue, due);
  same("whether the chain waits for its retention", dueOf("retention") !== null, chain.status !== "running");
  const leases = hops.filter((hop) => hop.status === "open").map((hop) => hop.leaseAt);
  if (leases.length > 0 && (due === null || due > Math.min(...leases)))
    throw new Error("a lease that nothing waits for");
}
