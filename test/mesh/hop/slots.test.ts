import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Release, takeSlot } from "../../../mesh/hop/slots.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

let made = 0;
/** An agent of its own for each test: places are kept by the process. */
const freshAgent = () => `mesh/agent-${++made}`;

async function taken(key: string, most: number): Promise<Release[]> {
  const releases = await Promise.all(Array.from({ length: most }, () => takeSlot(key, most, 0)));
  return releases.map((release) => release as Release);
}

describe("places at an agent", () => {
  it("are as many as it takes; a further call waits for one, and gets the first that comes free", async () => {
    const key = freshAgent();
    const [first] = await taken(key, 2);
    let came = false;
    const third = takeSlot(key, 2, 1_000).then((release) => {
      came = release !== undefined;
    });
    await vi.advanceTimersByTimeAsync(500);
    expect(came).toBe(false);
    first?.();
    await third;
    expect(came).toBe(true);
  });

  it("a call that waits longer than it may gets none, and leaves the line", async () => {
    const key = freshAgent();
    const [only] = await taken(key, 1);
    const gaveUp = takeSlot(key, 1, 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await gaveUp).toBeUndefined();
    only?.();
    // The place is free again, not handed to somebody who has left.
    expect(await takeSlot(key, 1, 0)).toBeDefined();
  });

  it("go round in the order of asking", async () => {
    const key = freshAgent();
    let [held] = await taken(key, 1);
    const order: number[] = [];
    const waiting = [1, 2, 3].map((n) =>
      takeSlot(key, 1, 10_000).then((release) => {
        order.push(n);
        held = release;
      }),
    );
    for (const turn of waiting) {
      held?.();
      await turn;
    }
    expect(order).toEqual([1, 2, 3]);
  });

  it("a place that is handed on can't be taken in between", async () => {
    const key = freshAgent();
    const [only] = await taken(key, 1);
    const next = takeSlot(key, 1, 1_000);
    only?.();
    const intruder = takeSlot(key, 1, 10);
    expect(await next).toBeDefined();
    await vi.advanceTimersByTimeAsync(10);
    expect(await intruder).toBeUndefined();
  });

  it("a place is given back once, however often it is said", async () => {
    const key = freshAgent();
    const [first] = await taken(key, 2);
    first?.();
    first?.();
    expect(await takeSlot(key, 2, 0)).toBeDefined();
    const over = takeSlot(key, 2, 10);
    await vi.advanceTimersByTimeAsync(10);
    expect(await over).toBeUndefined();
  });

  it("of one agent are not those of another", async () => {
    const [one, other] = [freshAgent(), freshAgent()];
    await taken(one, 1);
    expect(await takeSlot(other, 1, 0)).toBeDefined();
  });
});
