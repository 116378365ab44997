/** @promise chain:budget-exact */
import { describe, expect, test } from "vitest";
import { close, correct, free, type Purse, reserve, settle, shortage, unknownUse } from "../../../mesh/chain/purses.ts";
import { purse, within } from "../../support/facts.ts";

const need = (first: number, estimate: number) => ({ first, estimate });
const amounts = ({ limit, spent, held, over }: Purse) => ({ limit, spent, held, over });

describe("shortage", () => {
  test("first and estimate together must fit", () => {
    expect(shortage([purse(10)], need(4, 6))).toBeUndefined();
    expect(shortage([purse(9)], need(4, 6))).toMatchObject({ limit: 9, actual: 10, available: 9 });
  });

  test("what is held counts as much as what is spent", () => {
    const some = purse(10, { spent: 3, held: 4 });
    expect(shortage([some], need(3, 0))).toBeUndefined();
    expect(shortage([some], need(4, 0))).toEqual({ purse: "standing", limit: 10, actual: 11, available: 3 });
  });

  test("only the nearest purse is read: what is above already holds its whole rest", () => {
    const root = purse(10, { spent: 2 });
    expect(shortage(within(root, purse(8)), need(8, 0))).toBeUndefined();
    expect(free(root)).toBe(0);
  });

  test("an allowance is taken whole, though the call needs little of it", () => {
    expect(shortage([purse(10)], need(1, 0), 10)).toBeUndefined();
    expect(shortage([purse(10)], need(1, 0), 11)).toMatchObject({ purse: "standing", actual: 11, available: 10 });
  });

  test("a call must fit the allowance that it asks for", () => {
    expect(shortage([purse(10)], need(2, 3), 5)).toBeUndefined();
    expect(shortage([purse(10)], need(2, 3), 4)).toEqual({ purse: "asked", limit: 4, actual: 5, available: 4 });
  });

  test("an allowance of 0 is an allowance, and holds a call that needs nothing", () => {
    expect(shortage([purse(0)], need(0, 0), 0)).toBeUndefined();
    expect(shortage([purse(10)], need(1, 0), 0)).toMatchObject({ purse: "asked", limit: 0 });
  });

  test("a purse that a callee has overrun admits nothing more, though something is free in it", () => {
    const spoilt = purse(10, { spent: 2, overran: true });
    expect(shortage([spoilt], need(0, 0))).toEqual({ purse: "standing", limit: 10, actual: 2, available: 0 });
  });

  test("a chain that has used more than it had admits nothing more, under any allowance", () => {
    const root = purse(10, { spent: 2, over: 5 });
    expect(shortage([root], need(0, 0))).toEqual({ purse: "standing", limit: 10, actual: 7, available: 0 });
    expect(shortage(within(root, purse(8)), need(0, 0))).toMatchObject({ available: 0 });
  });

  test("an overrun of 1 is an overrun", () => {
    expect(shortage([purse(10, { over: 1 })], need(0, 0))).toEqual({
      purse: "standing",
      limit: 10,
      actual: 1,
      available: 0,
    });
  });

  test("a purse above that was overrun does not stop the one that was set apart before", () => {
    expect(shortage(within(purse(10, { overran: true }), purse(4)), need(4, 0))).toBeUndefined();
  });

  test("books nothing", () => {
    const untouched = purse(10);
    shortage([untouched], need(1, 2), 5);
    expect(untouched).toEqual(purse(10));
  });
});

describe("reserve", () => {
  test("spends first and holds the estimate", () => {
    const root = purse(10);
    expect(reserve([root], need(1, 3))).toBeUndefined();
    expect(amounts(root)).toEqual({ limit: 10, spent: 1, held: 3, over: 0 });
  });

  test("an allowance is held above, and the call books within it", () => {
    const root = purse(10);
    const own = reserve([root], need(1, 3), 6);
    expect(own).toEqual(purse(6, { spent: 1, held: 3 }));
    expect(amounts(root)).toEqual({ limit: 10, spent: 1, held: 5, over: 0 });
  });

  test("what is spent deep down is spent at every level, and no longer held there", () => {
    const root = purse(100, { held: 20 });
    const middle = purse(20, { held: 8 });
    const own = purse(8);
    reserve([own, middle, root], need(2, 1));
    expect([own, middle, root].map(amounts)).toEqual([
      { limit: 8, spent: 2, held: 1, over: 0 },
      { limit: 20, spent: 2, held: 6, over: 0 },
      { limit: 100, spent: 2, held: 18, over: 0 },
    ]);
  });
});

describe("settle", () => {
  test("lets go of the estimate and spends the use", () => {
    const root = purse(10, { spent: 1, held: 5 });
    settle([root], 3, 2);
    expect(amounts(root)).toEqual({ limit: 10, spent: 3, held: 2, over: 0 });
  });

  test("a use above the estimate is paid of what is free", () => {
    const root = purse(10, { spent: 1, held: 3 });
    settle([root], 3, 9);
    expect(root).toEqual(purse(10, { spent: 10 }));
  });

  test("what the chain cannot hold is its overrun: others' reservations stay theirs", () => {
    const root = purse(10, { spent: 1, held: 5 });
    settle([root], 3, 12);
    expect(root).toEqual(purse(10, { spent: 8, held: 2, over: 5 }));
  });

  test("an allowance grows by what is free above it, and is marked", () => {
    const root = purse(20, { spent: 1 });
    const own = purse(6, { held: 3 });
    settle(within(root, own), 3, 8);
    expect(own).toEqual(purse(8, { spent: 8, overran: true }));
    expect(root).toEqual(purse(20, { spent: 9 }));
  });

  test("an allowance that was filled to the brim is not overrun", () => {
    const own = purse(6, { held: 3 });
    settle(within(purse(20), own), 3, 6);
    expect(own).toEqual(purse(6, { spent: 6 }));
  });

  test("what no purse on the path can hold is overrun at the root", () => {
    const root = purse(10);
    const own = purse(6, { held: 3 });
    settle(within(root, own), 3, 13);
    expect(own).toEqual(purse(10, { spent: 10, overran: true }));
    expect(root).toEqual(purse(10, { spent: 10, over: 3 }));
  });

  test("grows through every level, from the nearest up, and marks no more of them than it must", () => {
    const root = purse(100, { held: 20 });
    const middle = purse(20, { held: 8 });
    const own = purse(8);
    settle([own, middle, root], 0, 15);
    expect([own, middle].map(amounts)).toEqual([
      { limit: 15, spent: 15, held: 0, over: 0 },
      { limit: 20, spent: 15, held: 0, over: 0 },
    ]);
    expect([own.overran, middle.overran]).toEqual([true, false]);
    expect(amounts(root)).toEqual({ limit: 100, spent: 15, held: 5, over: 0 });
    settle([own, middle, root], 0, 10);
    expect([own, middle, root].map(amounts)).toEqual([
      { limit: 25, spent: 25, held: 0, over: 0 },
      { limit: 25, spent: 25, held: 0, over: 0 },
      { limit: 100, spent: 25, held: 0, over: 0 },
    ]);
    expect([own.overran, middle.overran]).toEqual([true, true]);
  });
});

describe("close", () => {
  test("gives what is free back to the purse above, and keeps what is spent", () => {
    const root = purse(20, { spent: 1 });
    const own = purse(6, { spent: 4 });
    close(within(root, own));
    expect(own).toEqual(purse(4, { spent: 4, closed: true }));
    expect(root).toEqual(purse(20, { spent: 5 }));
  });

  test("stops at the first purse that is still open", () => {
    const root = purse(100, { held: 20 });
    const middle = purse(20, { held: 8 });
    close([purse(8), middle, root]);
    expect([middle, root].map(amounts)).toEqual([
      { limit: 20, spent: 0, held: 0, over: 0 },
      { limit: 100, spent: 0, held: 20, over: 0 },
    ]);
  });

  test("at the chain's end, what was given back pays the overrun, as far as it goes", () => {
    const root = purse(10, { spent: 7, over: 5 });
    close([root]);
    expect(root).toEqual(purse(10, { spent: 10, over: 2, closed: true }));
    const ample = purse(10, { spent: 2, over: 5 });
    close([ample]);
    expect(ample).toEqual(purse(10, { spent: 7, closed: true }));
  });

  test("what an open chain gets back does not pay its overrun: it goes on refusing", () => {
    const root = purse(10, { over: 2 });
    close(within(root, purse(6)));
    expect(root).toEqual(purse(10, { over: 2 }));
  });
});

describe("correct", () => {
  test("a smaller use gives back in an open purse", () => {
    const root = purse(10, { spent: 8, held: 1 });
    correct([root], -5);
    expect(root).toEqual(purse(10, { spent: 3, held: 1 }));
  });

  test("in a closed purse it gives back up to the first open one", () => {
    const root = purse(20, { spent: 6 });
    const own = purse(6, { spent: 6, closed: true });
    correct([own, root], -4);
    expect(own).toEqual(purse(2, { spent: 2, closed: true }));
    expect(root).toEqual(purse(20, { spent: 2 }));
  });

  test("a larger use takes from the purses above, also through a closed one", () => {
    const root = purse(20, { spent: 6 });
    const own = purse(6, { spent: 6, closed: true });
    correct([own, root], 3);
    expect(own).toEqual(purse(9, { spent: 9, closed: true, overran: true }));
    expect(root).toEqual(purse(20, { spent: 9 }));
  });

  test("after the end it pays the overrun of the chain", () => {
    const root = purse(10, { spent: 10, over: 4, closed: true });
    correct([root], -3);
    expect(root).toEqual(purse(10, { spent: 10, over: 1, closed: true }));
  });

  test("after the end it may still overrun", () => {
    const root = purse(10, { spent: 9, closed: true });
    correct([root], 4);
    expect(root).toEqual(purse(10, { spent: 10, over: 3, closed: true }));
  });

  test("a use that was larger by 1 is not squeezed into a full purse", () => {
    const root = purse(10, { spent: 10 });
    correct([root], 1);
    expect(root).toEqual(purse(10, { spent: 10, over: 1 }));
  });

  test("no difference changes nothing", () => {
    const root = purse(20, { spent: 5, held: 7 });
    correct([root], 0);
    expect(root).toEqual(purse(20, { spent: 5, held: 7 }));
  });
});

describe("a use that nobody knows", () => {
  test("is the estimate, where the hop drew on its caller's purse", () => {
    expect(unknownUse(3, undefined)).toBe(3);
  });

  test("is the estimate and all that is free, where the hop had an allowance", () => {
    expect(unknownUse(3, purse(10, { spent: 2, held: 3 }))).toBe(8);
  });

  test("empties the allowance exactly", () => {
    const own = purse(10, { spent: 2, held: 3 });
    settle(within(purse(20), own), 3, unknownUse(3, own));
    expect(own).toEqual(purse(10, { spent: 10 }));
  });
});
