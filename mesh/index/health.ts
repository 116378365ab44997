/** Health checks: a turn asks those agents that are due, a few at a time, and tells the registry whose state has changed. */
import type { EgressPolicy } from "../egress/address.ts";
import { egressFetch } from "../egress/fetch.ts";
import { HEALTH_AT_ONCE, HEALTH_BATCH, HEALTH_BYTES, HEALTH_RETRY_MS, HEALTH_TURN, HEALTH_TURN_MS } from "../limits.ts";
import type { Check, Found } from "../registry/checked.ts";
import type { HealthCheck } from "../schema.ts";
import type { Sql } from "../sql.ts";
import {
  earliestCheck,
  type HealthRow,
  readDueChecks,
  readHealthRow,
  readUntoldHealth,
  takeCheck,
  writeHealthTold,
  writeStanding,
} from "./health-rows.ts";
import { afterCheck } from "./standing.ts";

/** How an agent's checks have gone, for whoever reads the agent. */
export interface CheckedHealth {
  readonly lastCheckedAt: number | null;
  /** Why the last check failed; null where it did not. */
  readonly lastError: string | null;
}

/** Who hears what was found. */
export interface HealthReader {
  healthFound(found: readonly Found[]): Promise<void>;
}

/** Checks are spread by this part of their interval, so that agents that came together are not asked together for ever. */
const SPREAD = 0.1;

export class HealthChecks {
  readonly #sql: Sql;
  readonly #now: () => number;

  constructor(sql: Sql, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  take(checks: readonly Check[]): void {
    for (const check of checks) takeCheck(this.#sql, check, this.#now());
  }

  of(name: string): CheckedHealth | undefined {
    const row = readHealthRow(this.#sql, name);
    return row && { lastCheckedAt: row.checkedAt, lastError: row.failure };
  }

  /** When the next check is due, in epoch milliseconds. */
  earliest(): number {
    return earliestCheck(this.#sql) ?? Number.POSITIVE_INFINITY;
  }

  /** One turn. @returns when the next one is due */
  async turn(policy: () => EgressPolicy, registry: HealthReader): Promise<number> {
    const due = readDueChecks(this.#sql, this.#now(), HEALTH_TURN);
    if (due.length > 0) await this.#checkAll(due, policy());
    const told = await this.#tell(registry);
    return Math.min(this.earliest(), told ? Number.POSITIVE_INFINITY : this.#now() + HEALTH_RETRY_MS);
  }

  /** One that hangs holds one place until its time is over; the others go on. What is not begun in time is due next. */
  async #checkAll(due: HealthRow[], policy: EgressPolicy): Promise<void> {
    const until = this.#now() + HEALTH_TURN_MS;
    const next = async () => {
      for (let row = due.shift(); row !== undefined && this.#now() < until; row = due.shift()) {
        const rules = JSON.parse(row.rules) as HealthCheck;
        const failure = await failureAt(row.url, rules.timeoutMs, policy);
        this.#heard(row, rules, failure);
      }
    };
    await Promise.all(Array.from({ length: HEALTH_AT_ONCE }, next));
  }

  #heard(row: HealthRow, rules: HealthCheck, failure: string | undefined): void {
    const now = this.#now();
    const standing = afterCheck(row, failure === undefined, rules, now);
    const spread = 1 + SPREAD * (2 * Math.random() - 1);
    const nextAt = now + Math.round(rules.intervalMs * spread);
    const heard = { ...row, ...standing, checkedAt: now, failure: failure ?? null };
    writeStanding(this.#sql, heard, standing.state !== row.state, nextAt);
  }

  /** @returns whether the registry has heard everything */
  async #tell(registry: HealthReader): Promise<boolean> {
    try {
      for (;;) {
        const untold = readUntoldHealth(this.#sql, HEALTH_BATCH);
        if (untold.length === 0) return true;
        await registry.healthFound(untold);
        for (const found of untold) writeHealthTold(this.#sql, found);
      }
    } catch (error) {
      console.error("index: the registry could not be told of agents' health, it will be tried again", error);
      return false;
    }
  }
}

/** Why an agent is not well, or nothing. */
async function failureAt(url: string, timeoutMs: number, policy: EgressPolicy): Promise<string | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  // What it says is not kept; it is read to its end, so that the connection can be used again.
  const reader = () => () => undefined;
  const headers = { accept: "*/*" };
  try {
    const result = await egressFetch(url, { method: "GET", headers, signal, maxBytes: HEALTH_BYTES, reader }, policy);
    if (!result.ok) return "detail" in result.rejection ? result.rejection.detail : result.rejection.code;
    const { status } = result.answer;
    return status >= 200 && status < 300 ? undefined : `It answered with status ${status}.`;
  } catch {
    return `It did not answer within ${timeoutMs} ms.`;
  }
}
