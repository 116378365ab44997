/** Chains as people see them: a large one is still at hand, and with SCREENSHOTS=1 the README's pictures are taken anew. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, NARROW, openTab, WIDE } from "../console/browser.ts";
import { AgentHost, Raw, sleep, Used } from "../support/server/agent.ts";
import { ADMIN_KEY, MeshServer } from "../support/server/mesh.ts";
import { until } from "../support/server/until.ts";

const IMAGES = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "docs", "images");

let mesh: MeshServer;
let host: AgentHost;
let browser: Browser;

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

test("a chain of 5,000 hops is drawn in seconds, and its last hop is found by keyboard", async () => {
  await host.agent("fan", async (_, call) => {
    for (let n = 0; n < 100; n += 20) await Promise.all(Array.from({ length: 20 }, () => call.invoke("echo", n)));
  });
  await host.agent("crowd", async (_, call) => {
    for (let n = 0; n < 50; n += 5) await Promise.all(Array.from({ length: 5 }, () => call.invoke("fan", n)));
    await call.invoke("last-one", null);
  });
  const { chainId } = await mesh.client.invoke("crowd", 0, { budget: { hops: 10_000, concurrency: 500 } });
  const { page, faults } = await openTab(browser, mesh.url);
  await page.goto(`${mesh.url}/#key=${ADMIN_KEY}`);
  const begun = Date.now();
  await page.goto(`${mesh.url}/#/chains/${chainId}`);
  const timeline = page.getByRole("tree", { name: "Timeline, 5,052 hops" });
  await timeline.waitFor({ timeout: 10_000 });
  expect(Date.now() - begun).toBeLessThan(8_000);
  expect(await page.locator(".card").count()).toBeLessThan(300);
  expect(await page.locator(".row").count()).toBeLessThan(100);
  await timeline.focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.locator(".detail").getByText("agent_not_found").waitFor();
  expect(faults).toEqual([]);
  await page.context().close();
});

/** A chain worth looking at: planners, researchers, a loop that was refused, and a translator that failed. */
async function research(): Promise<string> {
  const answers = (ms: number, tokens: number, costMicros: number) => async (input: unknown) => {
    await sleep(ms);
    return new Used(input, { tokens, costMicros });
  };
  const skills = [{ id: "web" }, { id: "archive" }];
  await host.agent("search", answers(90, 120, 900), { skills, estimate: { tokens: 200, costMicros: 1_500 } });
  await host.agent("summarizer", answers(140, 900, 4_000), { estimate: { tokens: 1_000, costMicros: 5_000 } });
  await host.agent("translator", async () => {
    await sleep(60);
    return new Raw(500, '{"detail":"The model is overloaded."}');
  });
  await host.agent("researcher", async (topic, call) => {
    const search = (skill: string) => call.invoke("search", topic, { skill });
    await Promise.all([search("web"), search("web"), search("archive")]);
    if (topic === "pricing") await call.invoke("planner", topic);
    await call.invoke("summarizer", topic);
  });
  await host.agent("critic", async (input, call) => {
    await call.invoke("search", input, { skill: "web" });
    return new Used("sound", { tokens: 400, costMicros: 2_500 });
  });
  await host.agent("planner", async (_, call) => {
    await Promise.all(["market", "pricing"].map((topic) => call.invoke("researcher", topic)));
    await Promise.all([call.invoke("critic", 1), call.invoke("translator", 2)]);
  });
  const budget = { hops: 40, tokens: 10_000, costMicros: 50_000, wallMs: 5_000 };
  return (await mesh.client.invoke("planner", "go", { budget })).chainId;
}

test.runIf(process.env.SCREENSHOTS === "1")("the pictures of the README", async () => {
  mkdirSync(IMAGES, { recursive: true });
  const chainId = await research();
  const { hops } = await mesh.client.graph(chainId);
  const refused = hops.find(({ status }) => status === "rejected")?.hopId ?? "";
  await until("the chain is listed", async () => {
    return JSON.stringify((await mesh.client.send("/v1/chains?agent=planner")).json).includes(chainId);
  });
  const pictures = [
    ["console-chain-light", { ...WIDE, colorScheme: "light" }, `?hop=${refused}`],
    ["console-chain-dark", { ...WIDE, colorScheme: "dark" }, `?hop=${refused}`],
    ["console-mobile", { ...NARROW, colorScheme: "light", deviceScaleFactor: 2 }, "?view=timeline"],
  ] as const;
  for (const [name, options, where] of pictures) {
    const { page } = await openTab(browser, mesh.url, { ...options, reducedMotion: "reduce" });
    await page.goto(`${mesh.url}/#key=${ADMIN_KEY}`);
    await page.goto(`${mesh.url}/#/chains/${chainId}${where}`);
    await page.locator(".row").nth(10).waitFor();
    await sleep(500);
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    await page.context().close();
  }
});
