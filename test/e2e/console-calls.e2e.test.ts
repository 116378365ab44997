import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, openTab, type Tab } from "../console/browser.ts";
import { AgentHost, gate, relay, silent } from "../support/server/agent.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;
let browser: Browser;
let tab: Tab | undefined;

beforeAll(async () => {
  browser = await launchChromium();
  mesh = await MeshServer.start();
  host = await AgentHost.start(mesh);
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
  await mesh?.wipe();
});
afterEach(async () => {
  await tab?.page.context().close();
  expect(tab?.faults).toEqual([]);
});

async function open(path: string): Promise<Page> {
  tab = await openTab(browser, mesh.url);
  await tab.page.goto(`${mesh.url}/#key=${ADMIN_KEY}`);
  await tab.page.goto(`${mesh.url}/#${path}`);
  return tab.page;
}

const call = (page: Page) => page.getByRole("button", { name: "Call", exact: true }).click();

describe("agents", () => {
  test("are searched as one types, and filtered by kind and by a skill that is clicked", async () => {
    await host.agent("weaver", (input) => input, { description: "Weaves baskets.", skills: [{ id: "weave" }] });
    await host.agent("plain", (input) => input);
    const page = await open("/agents");
    const rows = page.locator("tbody tr");
    await page.getByLabel("Search").fill("baskets");
    await until("one fits", async () => (await rows.count()) === 1);
    expect(await rows.textContent()).toMatch(/weaver.*Weaves baskets.*weave.*http.*active/s);
    await page.getByLabel("Search").fill("zzzz");
    await page.getByText("No agent fits").waitFor();
    await page.getByRole("link", { name: "Show all agents" }).click();
    await page.getByLabel("Kind").selectOption("http");
    await until("those of a kind", async () => (await rows.count()) === 2);
    await page.getByRole("link", { name: "Agents with the skill weave" }).click();
    await until("those with the skill", async () => (await rows.count()) === 1);
    await page.getByRole("link", { name: "weaver", exact: true }).click();
    await page.getByRole("heading", { name: "weaver" }).first().waitFor();
    await page.getByText("Weaves baskets.").first().waitFor();
  });

  test("say so where there is none of a name", async () => {
    const page = await open("/agents/nobody");
    await page.getByText("There is no agent named 'nobody'").waitFor();
    // Chromium itself writes of a 404.
    tab = { page, faults: (tab?.faults ?? []).filter((fault) => !fault.includes("404")) };
  });
});

describe("a call from the form", () => {
  const inputSchema = {
    type: "object",
    properties: {
      topic: { type: "string", maxLength: 80, description: "What it is about." },
      depth: { type: "integer", minimum: 1, maximum: 5, default: 2 },
      draft: { type: "boolean" },
      tone: { enum: ["dry", "warm"] },
      words: { type: "array", items: { type: "string" } },
      extra: { type: "object", properties: { note: { type: "string" } } },
      any: {},
    },
    required: ["topic", "tone"],
    additionalProperties: false,
  };

  test("has the fields of the skill's schema, says what is wrong in each, and shows the chain growing and the output", async () => {
    const held = gate();
    await host.agent("form-leaf", held.handler);
    const writer = await host.agent(
      "writer",
      async (input, hop) => ({ got: input, leaf: (await hop.invoke("form-leaf", 1)).result.output }),
      { skills: [{ id: "write", inputSchema }] },
    );
    const page = await open("/agents/writer");
    await page.getByLabel("topic").fill("hops");
    expect(await page.getByLabel("depth").inputValue()).toBe("2");
    await page.getByLabel("depth").fill("9");
    await call(page);
    await page.getByText("At most 5.").waitFor();
    await page.getByText("This has to be there.").waitFor();
    expect(writer.calls).toHaveLength(0);
    await page.getByLabel("depth").fill("3");
    await page.getByLabel("draft").selectOption("yes");
    await page.getByLabel("tone").selectOption("warm");
    await page.getByLabel("words").fill("one\ntwo");
    await page.getByLabel("note").fill("n");
    await page.getByLabel("any").fill('{"a":[1]}');
    await page.getByLabel("Hops").fill("7");
    await page.getByLabel("Cost in $").fill("0.5");
    await page.getByLabel("Seconds").fill("30");
    await call(page);
    await page.locator(".card.open", { hasText: "form-leaf" }).waitFor();
    const { chainId } = writer.calls[0] ?? { chainId: "" };
    expect((await mesh.client.chain(chainId)).limits).toMatchObject({ hops: 7, costMicros: 500_000, wallMs: 30_000 });
    // Looking at a hop does not leave the call.
    await page.locator(".card.open", { hasText: "form-leaf" }).click();
    await page.getByRole("complementary", { name: "Hop" }).getByText("writer → form-leaf").waitFor();
    await page.keyboard.press("Escape");
    held.open("leaf says");
    await page.locator(".run .state", { hasText: "done" }).waitFor();
    const wanted = {
      topic: "hops",
      depth: 3,
      draft: true,
      tone: "warm",
      words: ["one", "two"],
      extra: { note: "n" },
      any: { a: [1] },
    };
    expect(JSON.parse((await page.locator(".run pre").textContent()) ?? "")).toEqual({
      got: wanted,
      leaf: "leaf says",
    });
    await page.getByRole("link", { name: "Its chain" }).click();
    await page.getByText(chainId).waitFor();
  });

  test("shows the pieces that the agent emits as they come", async () => {
    const held = gate();
    await host.agent("pieces", async (_, { response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('event: chunk\ndata: "Hel"\n\nevent: chunk\ndata: "lo"\n\n');
      await held.handler(null, {} as never);
      response.end('event: result\ndata: {"output":"whole"}\n\n');
    });
    const page = await open("/agents/pieces");
    await page.getByLabel("Input").fill("null");
    await call(page);
    await page.getByText("Hello", { exact: true }).waitFor();
    expect(await page.locator(".run .state").textContent()).toBe("open");
    held.open();
    await page.getByText("whole", { exact: true }).waitFor();
  });

  test("shows the problem that it ends with", async () => {
    await host.agent("goes-round", relay("goes-round"));
    await host.agent("strict", (input) => input, {
      skills: [{ id: "strict", inputSchema: { type: "object", minProperties: 1 } }],
    });
    const page = await open("/agents/strict");
    await page.getByLabel("Input").fill("{}");
    await call(page);
    await page.getByRole("alert").getByText("invalid_input").waitFor();
    tab = { page, faults: (tab?.faults ?? []).filter((fault) => !fault.includes("422")) };
  });

  test("is cancelled when it is stopped, or its page is left", async () => {
    const agent = await host.agent("unending", silent);
    const page = await open("/agents/unending");
    const begin = async () => {
      const reached = agent.next();
      await page.getByLabel("Input").fill("1");
      await call(page);
      return (await reached).chainId;
    };
    const cancelled = (chainId: string) =>
      until("the chain is cancelled", async () => (await mesh.client.chain(chainId)).status === "cancelled");
    const first = await begin();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("The call was stopped.").waitFor();
    await cancelled(first);
    const second = await begin();
    await page.getByRole("link", { name: "Chains" }).click();
    await cancelled(second);
  });
});

describe("what others wrote", () => {
  const HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    `"'><svg/onload=alert(1)>`,
    "two\nlines",
    "right\u202eto\u2066left",
    "javascript:alert(1)",
    "🦜 parrot",
    "x".repeat(500),
  ];

  test("is text wherever it comes: in the graph, the timeline, details, outputs and problems", async () => {
    const text = HOSTILE.join(" ");
    await host.agent("nasty-leaf", () => {
      throw new Error(text);
    });
    await host.agent(
      "nasty",
      async (_, hop) => {
        for (const name of HOSTILE) {
          await hop.client.send(`/v1/agents/${encodeURIComponent(name)}/invoke`, { body: { input: name } });
        }
        await hop.invoke("nasty-leaf", text, { metadata: { [text]: text } });
        return { [text]: text };
      },
      { description: text, skills: [{ id: "nasty", name: HOSTILE[0] ?? "", tags: ["<b>x</b>"] }] },
    );
    const page = await open("/agents/nasty");
    const scripts = await page.locator("script").count();
    await page.getByLabel("Input").fill("1");
    await call(page);
    await page.locator(".run .state", { hasText: "done" }).waitFor();
    await page.getByRole("link", { name: "Its chain" }).click();
    await page.locator(".card.rejected").first().waitFor();
    const rejected = page.locator(".row.rejected");
    expect(await rejected.count()).toBe(HOSTILE.length);
    const shown = (await rejected.locator(".row-callee").allTextContents()).join("|");
    expect(shown).toContain("<script>alert(1)</script>");
    expect(shown).toContain("two\\nlines");
    expect(shown).toContain("right\\u202eto\\u2066left");
    expect(shown).toContain("🦜 parrot");
    for (let place = 0; place < HOSTILE.length; place++) {
      await rejected.nth(place).click();
      await page.locator(".detail").getByText("agent_not_found").waitFor();
    }
    await page.locator(".row", { hasText: "nasty-leaf" }).click();
    await page.locator(".detail .json").waitFor();
    for (const part of ["script", "img", "svg[onload]", "[onerror]"]) {
      expect(await page.locator(part).count(), part).toBe(part === "script" ? scripts : 0);
    }
    // The characters themselves are nowhere on the page, in titles and labels neither.
    const reordering = /[\u202a-\u202e\u2066-\u2069]/u;
    expect(await page.locator("main").innerHTML()).not.toMatch(reordering);
  });
});
