/** Tells the index whose health it is to check: by the registry's alarm, so that a crash in between loses nothing. */
import { HEALTH_BATCH, HEALTH_RETRY_MS } from "../limits.ts";
import type { Sql } from "../sql.ts";
import { type Check, readUntold, writeTold } from "./checked.ts";

/** Who is told. */
interface Checker {
  takeChecks(checks: readonly Check[]): Promise<void>;
}

export class Telling {
  readonly #sql: Sql;
  readonly #setAlarm: (at: number) => void;
  /** When the index is told, or was begun to be told; long ago when everything is told. */
  #at = Number.NEGATIVE_INFINITY;

  constructor(sql: Sql, setAlarm: (at: number) => void) {
    this.#sql = sql;
    this.#setAlarm = setAlarm;
  }

  /** An agent has changed. */
  changed(): void {
    const now = Date.now();
    // An alarm that is set, or runs, tells this as well. One set to the very time that it runs for may be lost.
    const telling = now < this.#at + 2 * HEALTH_RETRY_MS;
    if (!telling && readUntold(this.#sql, 1).length > 0) this.#tellAt(now + 1);
  }

  /** Until everything is told. */
  async run(index: Checker): Promise<void> {
    try {
      for (let untold = this.#next(); untold.length > 0; untold = this.#next()) {
        this.#at = Date.now();
        await index.takeChecks(untold);
        writeTold(this.#sql, untold.at(-1)?.revision ?? 0);
      }
      this.#at = Number.NEGATIVE_INFINITY;
    } catch (error) {
      console.error("registry: the index could not be told of health checks, it will be tried again", error);
      this.#tellAt(Date.now() + HEALTH_RETRY_MS);
    }
  }

  #next(): Check[] {
    return readUntold(this.#sql, HEALTH_BATCH);
  }

  #tellAt(at: number): void {
    this.#at = at;
    this.#setAlarm(at);
  }
}
