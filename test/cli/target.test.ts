import { spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_URL, findTarget } from "../../cli/target.ts";

let cwd: string;
let below: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "hopline-cli-"));
  below = join(cwd, "a", "b");
  mkdirSync(below, { recursive: true });
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

/** A data folder as a running server leaves it. */
function data(folder: string, url: string, pid: number = process.pid): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "server.json"), JSON.stringify({ url, pid }));
  writeFileSync(join(folder, "admin-key"), "hop_admin_local\n");
}

const LOCAL = "http://127.0.0.1:9001";
const OTHER = "https://mesh.example/base";

describe("the mesh and its key", () => {
  test("are the flags', else the environment's", () => {
    const env = { HOPLINE_URL: "http://env", HOPLINE_KEY: "env" };
    expect(findTarget({ url: OTHER, key: "flag" }, { env, cwd })).toEqual({ url: OTHER, key: "flag", source: "--url" });
    expect(findTarget({}, { env, cwd })).toEqual({ url: "http://env", key: "env", source: "HOPLINE_URL" });
  });

  test("are those of the .hopline/ here, or of the nearest further up", () => {
    data(join(cwd, ".hopline"), LOCAL);
    const source = join(cwd, ".hopline", "server.json");
    for (const here of [cwd, below]) {
      expect(findTarget({}, { env: {}, cwd: here })).toEqual({ url: LOCAL, key: "hop_admin_local", source });
    }
    data(join(below, ".hopline"), "http://127.0.0.1:9002");
    expect(findTarget({}, { env: {}, cwd: below }).url).toBe("http://127.0.0.1:9002");
  });

  test("are those of HOPLINE_DATA before any .hopline/", () => {
    data(join(cwd, ".hopline"), LOCAL);
    data(join(below, "data"), "http://127.0.0.1:9003");
    expect(findTarget({}, { env: { HOPLINE_DATA: "a/b/data" }, cwd }).url).toBe("http://127.0.0.1:9003");
  });

  test("are the default address and no key where nothing is said", () => {
    expect(findTarget({}, { env: { HOPLINE_URL: "", HOPLINE_KEY: "" }, cwd })).toMatchObject({
      url: DEFAULT_URL,
      key: undefined,
    });
  });

  test("a server that listens everywhere is reached on loopback", () => {
    data(join(cwd, ".hopline"), "http://0.0.0.0:9001");
    expect(findTarget({}, { env: {}, cwd })).toMatchObject({ url: LOCAL, key: "hop_admin_local" });
  });
});

describe("the local admin key is for the local mesh", () => {
  test("and never sent to another address, wherever that comes from", () => {
    data(join(cwd, ".hopline"), LOCAL);
    expect(findTarget({ url: OTHER }, { env: {}, cwd }).key).toBeUndefined();
    expect(findTarget({}, { env: { HOPLINE_URL: "http://127.0.0.1:9009" }, cwd }).key).toBeUndefined();
    expect(findTarget({ url: `${LOCAL}/` }, { env: {}, cwd }).key).toBe("hop_admin_local");
  });

  test("and not sent to its old port when its process is gone", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    data(join(cwd, ".hopline"), LOCAL, pid);
    expect(findTarget({}, { env: {}, cwd })).toMatchObject({ url: DEFAULT_URL, key: undefined });
  });

  test.runIf(process.getuid?.() === 0)("a .hopline/ of somebody else is passed over", () => {
    data(join(cwd, ".hopline"), LOCAL);
    chownSync(join(cwd, ".hopline"), 54_321, 54_321);
    expect(findTarget({}, { env: {}, cwd })).toMatchObject({ url: DEFAULT_URL, key: undefined });
  });

  test.each(["", "{", "[]", "null", '{"url":1,"pid":1}'])("a server.json with %j is none", (text) => {
    data(join(cwd, ".hopline"), LOCAL);
    writeFileSync(join(cwd, ".hopline", "server.json"), text);
    expect(findTarget({}, { env: {}, cwd })).toMatchObject({ url: DEFAULT_URL, key: undefined });
  });
});
