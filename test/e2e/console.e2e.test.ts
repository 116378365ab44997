import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, NARROW, openTab, sideways, type Tab, unreachable } from "../console/browser.ts";
import { AgentHost, gate, relay, silent } from "../support/server/agent.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

let mesh: MeshServer;
let host: AgentHost;
let browser: Browser;
let tabs: Tab[] = [];

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
// Whatever a test was about: nothing went wrong in its pages.
afterEach(async () => {
  const faults = tabs.flatMap((tab) => tab.faults);
  for (const { page } of tabs) await page.context().close();
  tabs = [];
  expect(faults).toEqual([]);
});

async function open(path = "", options?: Parameters<typeof openTab>[2]): Promise<Page> {
  const tab = await openTab(browser, mesh.url, options);
  tabs.push(tab);
  await tab.page.goto(`${mesh.url}/#key=${ADMIN_KEY}`);
  if (path !== "") await tab.page.goto(`${mesh.url}/#${path}`);
  return tab.page;
}

const card = (page: Page, name: string) => page.locator(".card", { hasText: name });

/** The hop of a running chain that a test looks at. */
async function startHeld(name: string) {
  const held = gate();
  const leaf = await host.agent(`${name}-leaf`, held.handler, { estimate: { tokens: 500 } });
  await host.agent(name, relay(`${name}-leaf`));
  const reached = leaf.next();
  const running = mesh.client.invoke(name, "x");
  return { ...(await reached), letGo: held.open, running };
}

describe("the key", () => {
  test("of the link that npm start prints leaves the address bar at once, and stays in the tab", async () => {
    const link = await until("the link is printed", () => /console\s+(\S+)/.exec(mesh.run.log())?.[1]);
    const { page, faults } = await openTab(browser, mesh.url);
    tabs.push({ page, faults });
    await page.goto(link);
    await page.getByRole("heading", { name: "Chains" }).waitFor();
    expect(link).toContain(ADMIN_KEY);
    expect(page.url()).toBe(`${mesh.url}/#/chains`);
    expect(await page.content()).not.toContain(ADMIN_KEY);
    expect(await page.evaluate(() => [localStorage.length, document.cookie])).toEqual([0, ""]);
    await page.reload();
    await page.getByRole("heading", { name: "Chains" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Key").waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  test("is asked for where there is none, and again when it is refused", async () => {
    const tab = await openTab(browser, mesh.url);
    await tab.page.goto(`${mesh.url}/#/agents`);
    await tab.page.getByLabel("Key").fill("hop_default_000000000000_wrong");
    await tab.page.keyboard.press("Enter");
    await tab.page.getByRole("alert").waitFor();
    expect(await tab.page.getByRole("alert").textContent()).toContain("not one of this deployment");
    await tab.page.getByLabel("Key").fill(ADMIN_KEY);
    await tab.page.keyboard.press("Enter");
    await tab.page.getByRole("heading", { name: "Agents" }).waitFor();
    // Chromium itself writes of every 401; there is nothing beside.
    expect(tab.faults.filter((fault) => !fault.includes("401"))).toEqual([]);
    await tab.page.context().close();
  });
});

describe("the list of chains", () => {
  test("says what to do while there is none, then shows a new one within seconds", async () => {
    const page = await open();
    await page.getByText("No chains yet").waitFor();
    expect(await page.locator("pre").textContent()).toContain(`curl -s ${mesh.url}/v1/agents/echo/invoke`);
    const { chainId } = await mesh.client.invoke("echo", "first");
    await page.getByRole("link", { name: chainId }).waitFor({ timeout: 5_000 });
    await page.locator(".live", { hasText: "live" }).waitFor();
  });

  test("is filtered by status, root agent and time, and turned to older ones; the back button comes back", async () => {
    await Promise.all(Array.from({ length: 55 }, (_, n) => mesh.client.invoke("echo", n)));
    await host.agent("only-once", (input) => input);
    const { chainId } = await mesh.client.invoke("only-once", 1);
    const page = await open();
    await page.getByRole("link", { name: chainId }).waitFor();
    await until("the list is full", async () => (await page.locator("tbody tr").count()) === 50);
    await page.getByRole("link", { name: "Older" }).click();
    await until("older ones are shown", async () => (await page.locator("tbody tr").count()) < 50);
    expect(await page.getByRole("link", { name: chainId }).count()).toBe(0);
    await page.goBack();
    await page.getByRole("link", { name: chainId }).waitFor();
    await page.getByLabel("Root agent").fill("only-once");
    await page.keyboard.press("Enter");
    await until("one is left", async () => (await page.locator("tbody tr").count()) === 1);
    await page.getByLabel("Started").selectOption("last hour");
    await page.getByRole("link", { name: chainId }).waitFor();
    await page.getByLabel("Status").selectOption("failed");
    await page.getByText("No chain fits").waitFor();
    await page.getByRole("link", { name: "Show all chains" }).click();
    await page.getByRole("link", { name: chainId }).click();
    await page.getByRole("heading", { name: "only-once" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Chains" }).waitFor();
  });
});

describe("the page of a chain", () => {
  test("grows while the chain runs, with what it holds of its budget, and ends with it", async () => {
    const { chainId, letGo, running } = await startHeld("grows");
    const page = await open(`/chains/${chainId}`);
    await card(page, "grows-leaf").waitFor();
    const budget = page.getByRole("region", { name: "Budget" });
    await budget.getByText("+500 held").waitFor();
    expect(await page.locator(".state").textContent()).toBe("running");
    expect(await page.locator(".timeline .row.open").count()).toBe(2);
    letGo();
    await running;
    await page.locator(".state", { hasText: "done" }).waitFor({ timeout: 5_000 });
    await until("no hop is open", async () => (await page.locator(".row.open, .card.open").count()) === 0);
    await until("nothing is held", async () => (await budget.getByText("held").count()) === 0);
    expect(await page.getByRole("button", { name: "Cancel…" }).count()).toBe(0);
  });

  test("goes on by itself over a restart of the server, with nothing twice", async () => {
    const { chainId, letGo, running } = await startHeld("restarts");
    running.catch(() => undefined);
    const page = await open(`/chains/${chainId}`);
    const tab = tabs.at(-1);
    await card(page, "restarts-leaf").waitFor();
    await mesh.crash();
    await page.getByText("no answer, trying again").waitFor({ timeout: 10_000 });
    await mesh.restart();
    letGo();
    await until("it is live again", async () => (await page.getByText("no answer").count()) === 0, 20_000);
    await mesh.client.cancel(chainId).catch(() => undefined);
    await page.locator(".state", { hasText: "cancelled" }).waitFor({ timeout: 15_000 });
    expect(await page.locator(".timeline .row").count()).toBe(2);
    // What Chromium itself writes of a server that is gone.
    const lost = /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY|Failed to load/;
    expect(tab?.faults.filter((fault) => !lost.test(fault))).toEqual([]);
    tabs = tabs.filter((one) => one !== tab);
  });

  test("tells by pointer and by keyboard which rule refused a hop, why, and on which path", async () => {
    await host.agent("loop-b", relay("loop-a"));
    await host.agent("loop-a", relay("loop-b"));
    const { chainId } = await mesh.client.invoke("loop-a", "x");
    const page = await open(`/chains/${chainId}`);
    await page.locator(".card.rejected").click();
    const detail = page.getByRole("complementary", { name: "Hop" });
    await detail.getByText("Refused by the cycle rule").waitFor();
    const text = (await detail.textContent()) ?? "";
    expect(text).toContain("cycle_detected");
    expect(text).toContain("loop-a → loop-b → loop-a");
    expect(text).toContain("an agent may not appear twice on a path");
    const address = page.url();
    await page.keyboard.press("Escape");
    await detail.waitFor({ state: "detached" });
    for (const tree of ["Call graph", "Timeline"]) {
      await page.getByRole("tree", { name: tree }).focus();
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await detail.getByText("cycle_detected").waitFor();
      expect(page.url()).toBe(address);
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Enter");
      await detail.getByRole("heading", { name: "loop-b" }).waitFor();
      await page.keyboard.press("Escape");
      await detail.waitFor({ state: "detached" });
    }
    await page.goto(address);
    await detail.getByText("cycle_detected").waitFor();
  });

  test("cancels it, after asking once more", async () => {
    await host.agent("never-ends", silent);
    const running = mesh.client.invoke("never-ends", null);
    const page = await open();
    await page.getByRole("row", { name: "never-ends" }).getByRole("link").click();
    await page.getByRole("button", { name: "Cancel…" }).click();
    await page.getByRole("button", { name: "Keep it running" }).click();
    expect(await page.locator(".state").textContent()).toBe("running");
    await page.getByRole("button", { name: "Cancel…" }).click();
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.getByRole("button", { name: "Cancel…" }).click();
    await page.getByRole("button", { name: "Cancel the chain" }).click();
    await page.locator(".state", { hasText: "cancelled" }).waitFor();
    expect((await running).problem.code).toBe("chain_cancelled");
  });

  test("saves its graph in every format", async () => {
    const { chainId } = await mesh.client.invoke("echo", "saved");
    const page = await open(`/chains/${chainId}`);
    await page.getByText("Save as").click();
    const names = [];
    for (const word of ["SVG picture", "JSON", "Mermaid", "Graphviz DOT", "OpenTelemetry (OTLP/JSON)"]) {
      const saved = page.waitForEvent("download");
      await page.getByRole("button", { name: word, exact: true }).click();
      names.push((await saved).suggestedFilename());
    }
    expect(names).toEqual(["svg", "json", "mmd", "dot", "otlp.json"].map((suffix) => `chain-${chainId}.${suffix}`));
  });

  test("says so where there is no such chain", async () => {
    const page = await open();
    const tab = tabs.pop();
    for (const id of ["0".repeat(32), "nonsense", "%2e%2e"]) {
      await page.goto(`${mesh.url}/#/chains/${id}`);
      await page.getByText("There is no such chain").waitFor();
    }
    expect(tab?.faults.filter((fault) => !/40[04]/.test(fault))).toEqual([]);
    await page.context().close();
  });
});

describe("every page", () => {
  let chainId: string;
  beforeAll(async () => {
    await host.agent("narrow-b", relay("narrow-a"));
    await host.agent("narrow-a", relay("narrow-b"));
    ({ chainId } = await mesh.client.invoke("narrow-a", "x"));
  });

  test.each(["/chains", "/chains/ID", "/agents", "/agents/desk", "/agents/echo"])(
    "%s is as narrow as a phone, and Tab comes to all that can be acted on",
    async (path) => {
      const page = await open(path.replace("ID", chainId), NARROW);
      await page.locator("main h1").waitFor();
      await page.locator(".rows, .panel, .invoke").first().waitFor();
      expect(await sideways(page)).toBe(0);
      if (path.endsWith("ID")) {
        await page.locator(".row.rejected").click();
        await page.getByText("cycle_detected").last().waitFor();
        expect(await sideways(page)).toBe(0);
      }
      const { all, missed } = await unreachable(page);
      expect(missed).toEqual([]);
      expect(all).toBeGreaterThan(5);
    },
  );

  test("is light or dark as the reader likes it, and stands still for who wants that", async () => {
    const grounds = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open("/chains", { colorScheme, reducedMotion: "reduce" });
      await page.locator(".pulse").waitFor();
      grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      expect(await page.locator(".pulse").evaluate((dot) => getComputedStyle(dot).animationName)).toBe("none");
    }
    expect(new Set(grounds).size).toBe(2);
  });
});
