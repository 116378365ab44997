import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");

test("the pure parts of the Python kit hold what they promise", () => {
  const { status, stderr } = spawnSync("python3", [join(root, "test/agents/python/claims_test.py")], {
    encoding: "utf8",
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  expect(stderr).toMatch(/Ran [1-9]\d* tests/);
  expect(status, stderr).toBe(0);
});

test("the Python kit imports nothing but the standard library", () => {
  const kit = readFileSync(join(root, "agents/python/hopline_agent.py"), "utf8");
  const names = [...kit.matchAll(/^(?:import|from) ([a-z0-9_]+)/gm)].map((match) => match[1]);
  const ask = `import sys; print([n for n in ${JSON.stringify(names)} if n not in sys.stdlib_module_names])`;
  expect(names.length).toBeGreaterThan(5);
  expect(spawnSync("python3", ["-c", ask], { encoding: "utf8" }).stdout.trim()).toBe("[]");
});

test("the README shows the example greeter as it is", () => {
  const example = readFileSync(join(root, "agents/examples/greeter.ts"), "utf8");
  const shown = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1];
  expect(example.slice(example.indexOf("import"))).toBe(shown);
});
