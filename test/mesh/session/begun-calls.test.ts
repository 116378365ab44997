/** Calls of a session that run before it is known whether they need a stream. */
import { afterEach, expect, test, vi } from "vitest";
import { BegunCalls } from "../../../mesh/session/begun-calls.ts";

afterEach(() => void vi.useRealTimers());

const begun = (soon: Promise<string | undefined>) => ({ soon: () => soon, cancel: vi.fn() });

test("what ends soon is answered, and is not there any more", async () => {
  const calls = new BegunCalls();
  const answered = calls.call(1, begun(Promise.resolve("{}")));
  expect(calls.open).toBe(1);
  expect(await answered).toEqual({ answer: "{}" });
  expect(calls.open).toBe(0);
});

test("what takes longer is taken up once, by its own number, though others have the same id", async () => {
  const calls = new BegunCalls();
  const [first, second] = [begun(Promise.resolve(undefined)), begun(Promise.resolve(undefined))];
  const numbers = await Promise.all([calls.call("a", first), calls.call("a", second)]);
  const [one = 0, two = 0] = numbers.map((called) => ("begun" in called ? called.begun : 0));
  expect(calls.takeUp(two)).toBe(second);
  expect(calls.takeUp(two)).toBeUndefined();
  expect(calls.takeUp(one)).toBe(first);
});

test("what nobody takes up is cancelled, what was taken up is not", async () => {
  vi.useFakeTimers();
  const calls = new BegunCalls();
  const [left, taken] = [begun(Promise.resolve(undefined)), begun(Promise.resolve(undefined))];
  await calls.call(1, left);
  const called = await calls.call(2, taken);
  if ("begun" in called) calls.takeUp(called.begun);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(left.cancel).toHaveBeenCalledOnce();
  expect(taken.cancel).not.toHaveBeenCalled();
  expect(calls.open).toBe(0);
});

test("a cancelled request's call is cancelled, another's is not", async () => {
  const calls = new BegunCalls();
  const [mine, other] = [begun(new Promise(() => undefined)), begun(new Promise(() => undefined))];
  void calls.call("1", mine);
  void calls.call(1, other);
  calls.cancel("1");
  expect(mine.cancel).toHaveBeenCalledOnce();
  expect(other.cancel).not.toHaveBeenCalled();
});

test("what fails before it was answered is forgotten", async () => {
  const calls = new BegunCalls();
  await expect(calls.call(1, begun(Promise.reject(new Error("no"))))).rejects.toThrow("no");
  expect(calls.open).toBe(0);
});
