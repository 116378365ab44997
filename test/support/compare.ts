/** Whether the ledger's rows and the model say the same, and whether the rows keep the promises by themselves. */
import type { Decision } from "../../mesh/chain/facts.ts";
import type { Purse } from "../../mesh/chain/purses.ts";
import { COUNTED, type Counted } from "../../mesh/limits.ts";
import type { LedgerHop, LedgerPort, LedgerState } from "./ledger.ts";
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
  ledger: LedgerPort,
  chainId: string,
  model: ModelChain,
  now: number,
  wasOpen: ReadonlySet<string>,
): void {
  const state = ledger.state(chainId, now);
  const { hops } = state;
  compareChain(state, model);
  same("hop rows", hops.length, model.hops.length);
  for (const [place, hop] of hops.entries()) compareHop(hop, model.hops[place] as ModelHop);
  const ended = hops.filter((hop) => hop.status !== "open" && wasOpen.has(hop.hopId)).map((hop) => hop.id);
  same("hops said to have ended", [...ledger.takeEnded()].sort().join(), ended.sort().join());
  keepsItsPromises(state);
  looksInTime(state);
}

/** What the ledger hands out of its hops is what it has. */
export function compareViews(ledger: LedgerPort, chainId: string, model: ModelChain): void {
  const { hops: views, dueAt } = ledger.views(chainId);
  same("hop views", views.length, model.hops.length);
  for (const [place, view] of views.entries()) {
    const hop = model.hops[place] as ModelHop;
    same("view's hop", view.hopId, hop.id);
    same("view's parent", views.find(({ row }) => row === view.parentRow)?.hopId, hop.parent?.id);
    for (const field of ["status", "depth", "attempt", "late"] as const)
      same(`view's ${field}`, view[field], hop[field]);
    for (const d of COUNTED) same(`view of ${view.hopId} ${d}`, view[d], hop.used[d]);
  }
  if (model.hops.length > 0) same("due time in memory and in its row", ledger.state(chainId, 0).dueAt, dueAt);
}

function compareChain({ chain, purses }: LedgerState, model: ModelChain): void {
  same("chain status", chain.status, model.status);
  same("chain has an end", chain.endedAt !== null, chain.status !== "running");
  same("chain gauge", chain.hops.open, openHops(model));
  for (const d of COUNTED) {
    comparePurse(`root ${d}`, purses[d], model.root[d]);
    same(`spent ${d}`, chain.spent[d], model.root[d].spent);
    same(`reserved ${d}`, chain.reserved[d], model.root[d].held);
    same(`overrun ${d}`, chain.overrun[d], model.root[d].over);
  }
  for (const status of ["open", "done", "error", "rejected", "lost", "cancelled"] as const) {
    same(`count of ${status}`, chain.hops[status], model.hops.filter((hop) => hop.status === status).length);
  }
}

function comparePurse(name: string, purse: Purse | undefined, model: ModelPurse | undefined): void {
  same(`${name} is there`, purse !== undefined, model !== undefined);
  if (purse === undefined || model === undefined) return;
  for (const field of ["limit", "spent", "held", "over", "overran", "closed"] as const) {
    same(`${name} ${field}`, purse[field], model[field]);
  }
}

function compareHop(hop: LedgerHop, model: ModelHop): void {
  const name = `hop ${Number.parseInt(hop.hopId, 16)}`;
  same(`${name} id`, hop.hopId, model.id);
  same(`${name} status`, hop.status, model.status);
  same(`${name} has an end`, hop.endedAt !== null, hop.status !== "open");
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
function keepsItsPromises({ chain, purses, hops }: LedgerState): void {
  const byRow = new Map(hops.map((hop) => [hop.id, hop]));
  for (const d of COUNTED) {
    const onPurse = new Map<Purse, number>();
    const hold = (purse: Purse, amount: number) => onPurse.set(purse, (onPurse.get(purse) ?? 0) + amount);
    const standing = (id: number | undefined): Purse => {
      const hop = id === undefined ? undefined : byRow.get(id);
      return hop === undefined ? purses[d] : (hop.purses?.counted[d] ?? standing(hop.parent?.id));
    };
    hold(purses[d], 0);
    for (const hop of hops) {
      const own = hop.purses?.counted[d];
      if (own) hold(own, 0);
      if (own && !own.closed) hold(standing(hop.parent?.id), own.limit - own.spent);
      if (hop.status === "open") hold(standing(hop.id), reserved(hop, d));
    }
    for (const [purse, held] of onPurse) {
      if (purse.limit - purse.spent - purse.held < 0) throw new Error(`${d}: free < 0 in ${JSON.stringify(purse)}`);
      if (purse.spent < 0 || purse.held < 0) throw new Error(`${d}: negative in ${JSON.stringify(purse)}`);
      same(`${d} held is what is reserved on it and left below`, purse.held, held);
    }
    const root = purses[d];
    same(
      `${d} charges`,
      root.spent + root.over,
      total(hops, (hop) => hop.used[d]),
    );
    if (chain.status !== "running") same(`${d} held after the end`, root.held, 0);
  }
  for (const hop of hops) compareBelow(hop, hops);
}

function reserved({ estimate }: LedgerHop, d: Counted): number {
  return d === "tokens" || d === "costMicros" ? estimate[d] : 0;
}

function compareBelow(hop: LedgerHop, hops: readonly LedgerHop[]): void {
  const settled = hops.filter((child) => child.parent?.id === hop.id && child.status !== "open");
  for (const d of COUNTED) {
    const sum = total(settled, (child) => child.used[d] + child.below[d]);
    same(`hop ${Number.parseInt(hop.hopId, 16)} below ${d}`, hop.below[d], sum);
  }
}

function total(hops: readonly LedgerHop[], amount: (hop: LedgerHop) => number): number {
  return hops.reduce((sum, hop) => sum + amount(hop), 0);
}

/** No lease that nothing looks at, and no chain that stays for ever. */
function looksInTime({ hops, dueAt, removedAt }: LedgerState): void {
  if (removedAt !== undefined) same("when the chain is removed", dueAt, removedAt);
  const leases = hops.filter((hop) => hop.status === "open").map((hop) => hop.leaseAt);
  if (dueAt > Math.min(...leases)) throw new Error("a lease that nothing waits for");
}
