import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { PROMISES } from "./promises.ts";

const root = dirname(import.meta.dirname);
const read = (path: string) => readFileSync(join(root, path), "utf8");

it.each(Object.entries(PROMISES))("%s is cited by each of its tests", (id, { tests }) => {
  for (const test of tests) expect(read(test), test).toContain(id);
});

it("every cited promise exists", () => {
  const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".test.ts"),
  );
  const cited = files.flatMap((file) =>
    [...read(join("test", file)).matchAll(/@promise ([a-z:-]+)/g)].map((match) => match[1]),
  );
  expect(cited.filter((id) => PROMISES[id ?? ""] === undefined)).toEqual([]);
});

it("README links every promise to its tests", () => {
  const readme = read("README.md");
  for (const { tests } of Object.values(PROMISES)) for (const test of tests) expect(readme).toContain(`](${test})`);
});

it("every path that a document links to exists", () => {
  const documents = [
    "README.md",
    ...readdirSync(join(root, "docs")).flatMap((file) => (file.endsWith(".md") ? `docs/${file}` : [])),
  ];
  for (const document of documents) {
    const links = [...read(document).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map((match) => match[1] ?? "");
    for (const link of links)
      expect(existsSync(join(root, dirname(document), link)), `${document}: ${link}`).toBe(true);
  }
});
