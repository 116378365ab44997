import { setTimeout as sleep } from "node:timers/promises";

/** Asks again and again until there is an answer. @throws {Error} naming what was waited for */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 10_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`Waited ${withinMs} ms in vain until ${what}.`);
    await sleep(25);
  }
}
