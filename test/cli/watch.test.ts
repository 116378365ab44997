import { describe, expect, test } from "vitest";
import { clipped } from "../../cli/terminal.ts";
import { fakes, hopline, problem, uncoloured } from "./fake-mesh.ts";
import { asEvents, CHAIN, END, ENDED, hop, STORY, send } from "./story.ts";

const mesh = fakes();

describe("watch", () => {
  test("prints a line an event where there is no terminal, and then the chain", async () => {
    const server = await mesh((_, response) => {
      send(response, [...asEvents(STORY), END]);
      response.end();
    });
    const { code, out, err } = await hopline(["watch", CHAIN, "--url", server.url]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const lines = out.split("\n");
    for (const line of lines.slice(0, 5)) expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}/);
    expect(lines.map((line) => line.replace(/^[\d:.]{12} {2}/, ""))).toEqual([
      "● open       admin → desk/ask",
      "● open       desk → reader/read",
      "⊘ rejected   desk → desk/ask  cycle_detected: desk → desk",
      "✓ done       desk → reader/read  1.0 s",
      "✓ done       admin → desk/ask  1.0 s",
      `chain ${CHAIN}  ✓ done  2 hops  10 tokens  $0.0012  1.2 s`,
      "",
    ]);
    expect(server.asked[0]).toMatchObject({
      method: "GET",
      url: `/v1/chains/${CHAIN}/events`,
      headers: { accept: "text/event-stream" },
    });
  });

  test("takes a broken connection up where it broke, and shows each event once", async () => {
    const server = await mesh((asked, response) => {
      const last = Number(asked.headers["last-event-id"] ?? 0);
      const rest = asEvents(STORY.slice(last));
      // It breaks in the midst of an event, then by an error of the server, then without a word, then holds.
      if (server.asked.length === 1) {
        send(response, rest.slice(0, 2));
        response.write("id: 3\nevent: hop\nda");
        setTimeout(() => response.destroy(), 20);
      } else if (server.asked.length === 2) {
        problem(response, 503, { code: "ledger_unavailable", detail: "Not now." });
      } else {
        send(response, server.asked.length === 3 ? rest.slice(0, 1) : [...rest, END]);
        response.end();
      }
      return undefined;
    });
    const { code, out, err } = await hopline(["watch", CHAIN, "--json", "--url", server.url]);
    expect(code).toBe(0);
    expect(server.asked.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "2", "2", "3"]);
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([...STORY, ENDED]);
    expect(err.trimEnd().split("\n")).toHaveLength(3);
    expect(err).toContain("Trying again");
  });

  test("counts only breaks without an event between them: a chain may be watched for days", async () => {
    const server = await mesh((asked, response) => {
      const last = Number(asked.headers["last-event-id"] ?? 0);
      send(response, last < 5 ? asEvents([hop(last + 1)]) : [END]);
      response.end();
    });
    const startedAt = performance.now();
    expect((await hopline(["watch", CHAIN, "--url", server.url])).code).toBe(0);
    // Five waits of the first length; growing ones would be 7.75 s.
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  test.each([
    [404, "not_found", 1],
    [401, "unauthenticated", 4],
    [400, "invalid_request", 1],
  ])("a %i %s is not tried again", async (status, code, exit) => {
    const server = await mesh((_, response) => problem(response, status, { code, detail: "No." }));
    expect((await hopline(["watch", CHAIN, "--url", server.url])).code).toBe(exit);
    expect(server.asked).toHaveLength(1);
  });

  test("ends with 0 whatever became of the chain, and with 1 for --exit-status when it was not done", async () => {
    const { url } = await mesh((_, response) => {
      send(response, [{ event: "chain", data: { ...ENDED, status: "failed" } }]);
      response.end();
    });
    expect((await hopline(["watch", CHAIN, "--url", url])).code).toBe(0);
    const strict = await hopline(["watch", CHAIN, "--exit-status", "--url", url]);
    expect(strict.code).toBe(1);
    expect(strict.out).toContain("✗ failed");
  });

  test("without an id follows the newest running chain, or says that there is none", async () => {
    let running: object[] = [{ chainId: CHAIN }];
    const server = await mesh((asked, response) => {
      if (asked.url.startsWith("/v1/chains?")) return { items: running };
      send(response, [END]);
      response.end();
      return undefined;
    });
    expect((await hopline(["watch", "--url", server.url])).code).toBe(0);
    expect(server.asked.map(({ url }) => url)).toEqual([
      "/v1/chains?status=running&limit=1",
      `/v1/chains/${CHAIN}/events`,
    ]);
    running = [];
    expect(await hopline(["watch", "--url", server.url])).toMatchObject({ code: 1, out: "" });
  });

  test("is a tree on a terminal: redrawn in place, whole at its end, the terminal as it was", async () => {
    const { url } = await mesh((_, response) => {
      send(response, asEvents(STORY.slice(0, 3)));
      setTimeout(() => {
        send(response, [...asEvents(STORY.slice(3)), END]);
        response.end();
      }, 300);
    });
    const { code, out } = await hopline(["watch", CHAIN, "--url", url], { isTTY: true, env: { NO_COLOR: "1" } });
    expect(code).toBe(0);
    const esc = "\u001b[";
    expect(out).toContain(`${esc}Kdesk/ask        ● open      1.0 s…  2 hops\n`);
    expect(out).toContain(`${esc}3A`);
    expect(out.endsWith(`${esc}?7h${esc}?25h`)).toBe(true);
    const end = out.slice(out.lastIndexOf(`${esc}J`) + `${esc}J`.length);
    expect(uncoloured(end).split("\n")).toEqual([
      "desk/ask        ✓ done      1.0 s  2 hops",
      "├─ reader/read  ✓ done      1.0 s",
      "└─ desk/ask     ⊘ rejected  cycle_detected: desk → desk",
      `chain ${CHAIN}  ✓ done  2 hops  10 tokens  $0.0012  1.2 s`,
      "",
    ]);
  });

  test("fits into the terminal however large the chain is, but is printed whole at its end", async () => {
    const hops = Array.from({ length: 100 }, (_, n) =>
      hop(n + 1, { hopId: `h${n}`, callee: `agent-${n}`, skill: "s" }),
    );
    const { url } = await mesh((_, response) => {
      send(response, asEvents(hops));
      setTimeout(() => {
        send(response, [END]);
        response.end();
      }, 300);
    });
    const { out } = await hopline(["watch", CHAIN, "--url", url], { isTTY: true, rows: 10, env: { NO_COLOR: "1" } });
    expect(out).toContain("… and 93 more hops");
    expect(out.slice(out.lastIndexOf("\u001b[J")).split("\n")).toHaveLength(102);
  });

  test("ends with 130 and a whole terminal when it is interrupted", async () => {
    const interrupted = new AbortController();
    const { url } = await mesh((_, response) => {
      send(response, asEvents(STORY.slice(0, 1)));
      setTimeout(() => interrupted.abort(), 100);
    });
    const { code, out } = await hopline(["watch", CHAIN, "--url", url], {
      isTTY: true,
      interrupted: interrupted.signal,
    });
    expect(code).toBe(130);
    expect(out.endsWith("\u001b[?7h\u001b[?25h")).toBe(true);
  });
});

describe("a line that is too long for the terminal", () => {
  test("is cut, and its colours end all the same", () => {
    expect(clipped("abc", 3)).toBe("abc");
    expect(clipped("abcd", 3)).toBe("ab…");
    expect(clipped("a\u001b[31mbcd\u001b[39me", 3)).toBe("a\u001b[31mb…\u001b[39m");
    expect(clipped("\u001b[31mabc\u001b[39m", 3)).toBe("\u001b[31mabc\u001b[39m");
  });
});
