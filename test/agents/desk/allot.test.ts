import { expect, test } from "vitest";
import { allot } from "../../../agents/desk/allot.ts";

const own = (source: string) => ({ source, text: "" });
const foreign = (source: string) => ({ source, text: "", reader: "mine" });
const names = (question: string, sources: readonly ReturnType<typeof own>[], hops: number, kept = 3): string[] =>
  [...allot(question, sources, hops, kept).asked].map(({ source }) => source);

const SOURCES = ["a.md", "whales.md", "b.md"].map(own);

test("every source is asked for where the hops suffice, and no more than suffice for what comes after", () => {
  expect(names("whale", SOURCES, 6)).toHaveLength(3);
  expect(names("whale", SOURCES, 5)).toEqual(["whales.md", "a.md"]);
  expect(allot("whale", SOURCES, 5, 3).notAsked).toMatchObject([
    { what: "source", name: "b.md", code: "budget_exceeded" },
  ]);
});

test("one source is asked for, however few hops there are", () => {
  expect(names("?", SOURCES, 0)).toEqual(["a.md"]);
  expect(names("?", [foreign("x")], 0)).toEqual(["x"]);
});

test("another reader is reckoned at all that it may use: what does not fit makes room for what does", () => {
  const { asked, foreignHops } = allot("?", [foreign("x"), foreign("y"), own("z")], 11, 3);
  expect(foreignHops).toBe(2);
  expect(asked.size).toBe(3);
  expect(names("?", [own("a"), foreign("x"), own("b")], 6)).toEqual(["a", "x", "b"]);
  expect(names("?", [own("a"), foreign("x"), foreign("y"), own("b")], 12, 7)).toEqual(["a", "x", "b"]);
  expect(allot("?", [foreign("x")], 1_000, 3).foreignHops).toBe(10);
});
