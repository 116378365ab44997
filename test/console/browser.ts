/** Real headless Chromium, and pages of it that tell of everything that went wrong in them. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PATH = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** @throws {Error} that says how to get it, where there is no Chromium */
export async function launchChromium(): Promise<Browser> {
  if (!existsSync(PATH)) {
    throw new Error(
      `There is no Chromium at ${PATH}, and the console is tested in it. On Debian: apt-get install chromium. Elsewhere set CHROMIUM_PATH.`,
    );
  }
  // Chromium's own sandbox does not run as root, as in most containers.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: PATH, args });
}

export interface Tab {
  readonly page: Page;
  /** Errors of the console, of scripts and of the policy, dialogs, and requests to other places. */
  readonly faults: readonly string[];
}

export const WIDE = { viewport: { width: 1280, height: 800 } };
export const NARROW = { viewport: { width: 375, height: 812 } };

/** A page with nothing remembered. @param origin the only place that it may ask */
export async function openTab(browser: Browser, origin: string, options: BrowserContextOptions = WIDE): Promise<Tab> {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url()))
      faults.push(`asked ${request.url()}`);
  });
  await page.exposeFunction("tellViolation", (what: string) => void faults.push(`policy: ${what}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      (globalThis as unknown as { tellViolation: (what: string) => void }).tellViolation(
        `${violatedDirective} ${blockedURI}`,
      );
    });
  });
  return { page, faults };
}

/** How far the page can be scrolled sideways, in px. */
export function sideways(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** What can be acted on, and what of it Tab does not come to, by what they say. */
export async function unreachable(page: Page): Promise<{ readonly all: number; readonly missed: string[] }> {
  const all = await page.evaluate(() => {
    const query = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    const can = [...document.querySelectorAll<HTMLElement>(query)].filter(
      (one) => one.checkVisibility() && !(one as HTMLButtonElement).disabled,
    );
    for (const [place, one] of can.entries()) one.dataset.place = String(place);
    (document.activeElement as HTMLElement | null)?.blur();
    return can.length;
  });
  for (let step = 0; step <= all; step++) {
    await page.keyboard.press("Tab");
    await page.evaluate(() => {
      const { activeElement } = document;
      if (activeElement instanceof HTMLElement) activeElement.dataset.reached = "yes";
    });
  }
  const missed = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("[data-place]:not([data-reached])")]
      // Of radio buttons Tab comes to the one that is chosen; arrows do the rest.
      .filter((one) => !(one instanceof HTMLInputElement && one.type === "radio" && !one.checked))
      .map((one) => `${one.tagName} ${one.getAttribute("aria-label") ?? one.textContent}`),
  );
  return { all, missed };
}
