/**
 * One history, played on the ledger and on the model at once. A step is plain data, and says which hop it means by a
 * number that is taken modulo what there is, so that a failing history shrinks to few and small steps.
 */

import type { Budget } from "../../mesh/budget.ts";
import type { Ask, Decision, Settlement } from "../../mesh/chain/facts.ts";
import type { Limits } from "../../mesh/limits.ts";
import { compareDecision, compareState, compareViews } from "./compare.ts";
import type { LedgerPort } from "./ledger.ts";
import { admit, cancel, hopOf, type ModelChain, type ModelHop, newChain, retry, settle, type Use } from "./model.ts";
import { expire, nextLease, restart, watch } from "./model-leases.ts";

export interface Setup {
  readonly limits: Limits;
  readonly maxDepth: number;
}

type Outcome = Settlement["outcome"];

export type Step =
  | {
      readonly op: "ask";
      readonly parent: number;
      /** Whether any hop may be the caller, ended ones too. */
      readonly anyParent: boolean;
      readonly input: number;
      readonly tokens: number;
      readonly costMicros: number;
      readonly allowance: Budget | undefined;
      readonly timeoutMs: number;
    }
  | { readonly op: "askAgain"; readonly hop: number }
  | {
      readonly op: "settle";
      readonly hop: number;
      readonly anyHop: boolean;
      readonly outcome: Outcome;
      readonly use: Use;
    }
  /** Of any hop, open or ended, the attempt that is so many `back`. */
  | {
      readonly op: "settleAgain";
      readonly hop: number;
      readonly back: number;
      readonly outcome: Outcome;
      readonly use: Use;
    }
  /** Of any hop where it is sent again for an attempt that is `back`, else of an open one. */
  | { readonly op: "retry"; readonly hop: number; readonly back: number; readonly use: Use | undefined }
  | { readonly op: "cancel" }
  | { readonly op: "wait"; readonly ms: number }
  /** Time passes until the first lease is over; the root hop is watched all the while, unless it is to be lost. */
  | { readonly op: "lose"; readonly watched: number; readonly root: boolean; readonly afterMs: number }
  | { readonly op: "watch"; readonly hop: number }
  | { readonly op: "restart" };

const CANCELLED = { code: "chain_cancelled", detail: "The chain was cancelled." } as const;
const START = 1_800_000_000_000;

export class SideBySide {
  readonly #ledger: LedgerPort;
  readonly #chainId: string;
  readonly #setup: Setup;
  readonly #asks = new Map<string, Ask>();
  #model: ModelChain | undefined;
  #now = START;
  #bornAt = START;

  constructor(ledger: LedgerPort, setup: Setup, number: number) {
    this.#ledger = ledger;
    this.#chainId = number.toString(16).padStart(32, "0");
    this.#setup = setup;
  }

  /** Both take the step, and must then be the same in everything. @returns what has happened, for the tally */
  play(step: Step): string[] {
    const before = this.#openIds();
    const seen = this.#take(step);
    if (this.#model === undefined) return seen;
    compareState(this.#ledger, this.#chainId, this.#model, this.#now, before);
    return [step.op, ...seen];
  }

  /** To be called when the history is over. */
  end(): void {
    if (this.#model) compareViews(this.#ledger, this.#chainId, this.#model);
  }

  #openIds(): ReadonlySet<string> {
    return new Set(this.#model?.hops.flatMap((hop) => (hop.status === "open" ? [hop.id] : [])));
  }

  #take(step: Step): string[] {
    switch (step.op) {
      case "ask":
        return this.#ask(step);
      case "wait":
        this.#now += step.ms;
        return [];
      case "restart":
        this.#bornAt = this.#now;
        this.#ledger.restart();
        if (this.#model) restart(this.#model, this.#now);
        return [];
      default:
        return this.#model === undefined ? [] : this.#takeOn(this.#model, step);
    }
  }

  #takeOn(model: ModelChain, step: Exclude<Step, { op: "ask" | "wait" | "restart" }>): string[] {
    switch (step.op) {
      case "cancel":
        this.#ledger.cancel(this.#chainId, this.#now);
        cancel(model, this.#now);
        return [];
      case "lose":
        for (const [place, hop] of below(model).entries()) if ((step.watched >> place) & 1) this.#watch(model, hop);
        this.#now = Math.max(
          this.#now,
          (nextLease(step.root ? open(model) : below(model)) ?? this.#now) + step.afterMs,
        );
        if (!step.root) this.#watch(model, open(model)[0]);
        this.#ledger.expire(this.#chainId, this.#now, this.#bornAt);
        expire(model, this.#now);
        if (model.status === "running" && this.#ledger.state(this.#chainId, this.#now).dueAt <= this.#now) {
          throw new Error("the ledger would look again at once, and again");
        }
        return [];
      case "askAgain":
        return this.#askAgain(pick(model.hops, step.hop));
      case "settle": {
        const hop = pick(step.anyHop ? open(model) : below(model), step.hop);
        return hop ? this.#settle(model, hop, hop.attempt, step) : [];
      }
      case "settleAgain": {
        const hop = pick(model.hops, step.hop);
        if (hop?.status === "open" && hop.parent === undefined) return [];
        return hop ? this.#settle(model, hop, Math.max(1, hop.attempt - step.back), step) : [];
      }
      case "watch":
        this.#watch(model, pick(open(model), step.hop));
        return [];
      case "retry":
        return this.#retry(model, step);
    }
  }

  #ask(step: Extract<Step, { op: "ask" }>): string[] {
    const { limits, maxDepth } = this.#setup;
    const isRoot = this.#model === undefined;
    this.#model ??= newChain(limits, maxDepth, this.#now + limits.wallMs);
    const parent = isRoot ? undefined : pick(step.anyParent ? this.#model.hops : open(this.#model), step.parent);
    if (!isRoot && parent === undefined) return [];
    const { input, tokens, costMicros, allowance, timeoutMs } = step;
    const id = (this.#asks.size + 1).toString(16).padStart(16, "0");
    const ask: Ask = {
      type: "ask",
      chainId: this.#chainId,
      hopId: id,
      root: isRoot ? { principal: "key:test", limits, policy: { maxDepth, also: [] } } : undefined,
      parentHopId: parent?.id,
      callee: `agent-${id}`,
      skill: "default",
      address: `builtin:agent-${id}`,
      inputBytes: input,
      inputDigest: `digest-${id}`,
      estimate: { tokens, costMicros },
      timeoutMs,
      allowance,
    };
    this.#asks.set(id, ask);
    const decision = this.#ledger.ask(ask, this.#now, false);
    const asked = { id, parent: parent?.id, input, tokens, costMicros, allowance: allowance ?? {}, timeoutMs };
    const hop = admit(this.#model, asked, this.#now);
    compareDecision(decision, hop);
    return [seenOf(decision)];
  }

  /** The courier sends again what was not answered: the decision is the first one, and nothing changes. */
  #askAgain(hop: ModelHop | undefined): string[] {
    const ask = hop && this.#asks.get(hop.id);
    if (hop && ask) compareDecision(this.#ledger.ask(ask, this.#now, true), hop);
    return [];
  }

  #settle(
    model: ModelChain,
    hop: ModelHop,
    attempt: number,
    { outcome, use }: { outcome: Outcome; use: Use },
  ): string[] {
    const known = outcome === "done" || outcome === "error";
    const wasLate = hop.unknown !== undefined && known && attempt === hop.attempt;
    const wasOver = Object.values(model.root).some((purse) => purse.over > 0);
    const rejection = outcome === "cancelled" ? CANCELLED : undefined;
    const settlement: Settlement = {
      type: "settle",
      chainId: this.#chainId,
      hopId: hop.id,
      attempt,
      outcome,
      rejection,
      ...use,
    };
    this.#ledger.settle(settlement, this.#now);
    settle(model, hop.id, attempt, outcome, known ? use : undefined, this.#now);
    const isOver = Object.values(model.root).some((purse) => purse.over > 0);
    return [
      ...(wasLate ? ["late booked"] : []),
      ...(attempt < hop.attempt && hop.late ? ["late recorded"] : []),
      ...(isOver && !wasOver ? ["overrun"] : []),
      ...(wasOver && !isOver ? ["overrun paid"] : []),
    ];
  }

  #watch(model: ModelChain, hop: ModelHop | undefined): void {
    if (hop === undefined) return;
    this.#ledger.watch(this.#chainId, hop.id, this.#now);
    watch(model, hop, this.#now);
  }

  #retry(model: ModelChain, { hop: number, back, use }: Extract<Step, { op: "retry" }>): string[] {
    const hop = pick(back > 0 ? model.hops : open(model), number);
    if (hop === undefined || hop.status === "rejected") return [];
    const attempt = Math.max(1, hop.attempt - back);
    const request = { type: "retry", chainId: this.#chainId, hopId: hop.id, attempt, used: use } as const;
    const decision = this.#ledger.retry(request, this.#now);
    this.#model = retry(model, hop.id, attempt, use, this.#now);
    const after = hopOf(this.#model, hop.id);
    const stands = hop.status === "open" && (this.#model !== model || attempt < hop.attempt);
    if ((decision.verdict === "admitted") !== stands) {
      throw new Error(`retry: the ledger says ${JSON.stringify(decision)}, the model ${stands ? "admits" : "refuses"}`);
    }
    if (decision.verdict === "admitted" && decision.attempt !== after?.attempt)
      throw new Error("retry: another attempt");
    return [`retry ${decision.verdict}`];
  }
}

function open(model: ModelChain): ModelHop[] {
  return model.hops.filter((hop) => hop.status === "open");
}

function below(model: ModelChain): ModelHop[] {
  return open(model).filter((hop) => hop.parent !== undefined);
}

function pick<T>(from: readonly T[], number: number): T | undefined {
  return from[number % Math.max(1, from.length)];
}

function seenOf(decision: Decision): string {
  if (decision.verdict !== "rejected") return decision.verdict;
  const { rejection } = decision;
  return rejection.code === "budget_exceeded"
    ? `${rejection.code} ${rejection.dimension} ${rejection.purse}`
    : rejection.code;
}
