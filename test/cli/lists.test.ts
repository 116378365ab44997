import { describe, expect, test } from "vitest";
import { fakes, hopline, NOW, uncoloured } from "./fake-mesh.ts";

const mesh = fakes();

const EVIL = "evil\u001b[2J\u202e\nname";
const SEEN = "evil\\u001b[2J\\u202e\\nname";
const CHAIN = "1000d0c3178585e0c67ca5d6019bbf07";

describe("lists", () => {
  test("of agents are tables in which no text steers the terminal", async () => {
    const agent = {
      name: EVIL,
      version: "1.0.0",
      description: "\u001b]0;owned\u0007".padEnd(400, "x"),
      endpoint: { kind: "http" },
      skills: [{ id: "a" }, { id: "b" }],
      status: "draining",
    };
    const { url } = await mesh(() => ({ items: [agent], nextCursor: "abc" }));
    const { out, err } = await hopline(["agents", "--url", url], { isTTY: true });
    expect(uncoloured(out)).toContain(`${SEEN}  1.0.0    http  draining  a +1    \\u001b]0;owned\\u0007xxx`);
    expect(out.split("\n")).toHaveLength(3);
    expect(err).toContain("--cursor abc");
  });

  test("of chains say when, how long and how they ended; --since is a time", async () => {
    const chain = { chainId: CHAIN, status: "failed", root: { agent: "desk", principal: "admin" } };
    const server = await mesh(() => ({ items: [{ ...chain, startedAt: NOW - 60_000, endedAt: NOW - 58_800 }] }));
    const { out } = await hopline(["chains", "--status", "failed", "--since", "1h", "--url", server.url]);
    expect(out.split("\n")).toEqual([
      "CHAIN                             STATUS    AGENT  BY     STARTED     TOOK",
      `${CHAIN}  ✗ failed  desk   admin  1 min ago  1.2 s`,
      "",
    ]);
    expect(server.asked[0]?.url).toBe(`/v1/chains?status=failed&since=${NOW - 3_600_000}`);
  });

  test("that are empty say so, and are empty on stdout", async () => {
    const { url } = await mesh(() => ({ items: [] }));
    for (const command of ["agents", "chains", "keys"]) {
      const { code, out, err } = await hopline([command, "--url", url]);
      expect({ code, out }).toEqual({ code: 0, out: "" });
      expect(err).toMatch(/\w/);
    }
  });

  test("are the API's own JSON with --json, unchanged", async () => {
    const body = '{"items":[ {"name":"x\\u202e"} ],"nextCursor":"é"}';
    const { url } = await mesh(() => body);
    for (const command of ["agents", "chains", "keys", "edges"]) {
      expect((await hopline([command, "--json", "--url", url])).out).toBe(`${body}\n`);
    }
  });
});
