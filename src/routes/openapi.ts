/** The description of the API: as OpenAPI 3.1, and as a page. Both are made at the first request for them. */
import { type App, otherMethods } from "../app.ts";

interface Made {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** It changes with the deployment only; a browser asks again after five minutes. */
const CACHE = "public, max-age=300";

let document: Promise<Made> | undefined;
let page: Promise<Made> | undefined;

export function descriptionRoutes(app: App): void {
  app.get("/openapi.json", async (c) => {
    document ??= makeDocument();
    return answer(await document, c.req.header("if-none-match"));
  });
  otherMethods(app, "/openapi.json", "GET");

  app.get("/docs", async (c) => {
    page ??= makePage();
    return answer(await page, c.req.header("if-none-match"));
  });
  otherMethods(app, "/docs", "GET");
}

/** Loaded only here: a start of the Worker does not pay for it. */
async function makeDocument(): Promise<Made> {
  const { openApiDocument } = await import("../openapi/document.ts");
  return made(JSON.stringify(openApiDocument()), { "content-type": "application/json" });
}

async function makePage(): Promise<Made> {
  const [{ openApiDocument }, { renderPage }, { STYLE }] = await Promise.all([
    import("../openapi/document.ts"),
    import("../openapi/page/page.ts"),
    import("../openapi/page/style.ts"),
  ]);
  const style = await sha256(STYLE);
  return made(renderPage(openApiDocument()), {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
}

async function made(body: string, headers: Record<string, string>): Promise<Made> {
  const etag = `"${(await sha256(body)).slice(0, 22)}"`;
  return { body, headers: { ...headers, etag, "cache-control": CACHE } };
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

function answer({ body, headers }: Made, known = ""): Response {
  const tags = known.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  const same = tags.some((tag) => tag === headers.etag || tag === "*");
  return same ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
}
