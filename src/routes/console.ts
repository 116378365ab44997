/** The console: one page, its script and its style sheet. Open to all; what it shows, it asks the API for with a key. */

import { type App, otherMethods } from "../app.ts";
import { script, style } from "../console/assets.js";
import { Refused } from "../problem.ts";

/** Nothing but the page's own script, style and API; nothing inline, nothing from elsewhere, in nobody's frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const SAFE = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** A name holds the hash of its content, so what it names never changes; the page that names them is asked for anew. */
const FOREVER = "public, max-age=31536000, immutable";
const ASK = "no-cache";

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M3.5 8h5m0 0 4-4m-4 4 4 4' fill='none' stroke='%230969da' stroke-width='1.6'/%3E%3Cg fill='%230969da'%3E%3Ccircle cx='3' cy='8' r='2.4'/%3E%3Ccircle cx='13' cy='3.6' r='2.2'/%3E%3Ccircle cx='13' cy='12.4' r='2.2'/%3E%3C/g%3E%3C/svg%3E";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Hopline</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="/console/${style.name}">
<script type="module" src="/console/${script.name}"></script>
</head>
<body>
<div id="console"><noscript>The console needs JavaScript. The API does not: see <a href="/docs">/docs</a>.</noscript></div>
</body>
</html>
`;

const ASSETS = new Map([
  [script.name, { body: script.body, type: "text/javascript; charset=utf-8" }],
  [style.name, { body: style.body, type: "text/css; charset=utf-8" }],
]);

export function consoleRoutes(app: App): void {
  app.get("/", (c) => {
    const tag = `"${script.name}.${style.name}"`;
    return kept(PAGE, "text/html; charset=utf-8", tag, ASK, c.req.header("if-none-match"));
  });
  otherMethods(app, "/", "GET");

  app.get("/console/:file", (c) => {
    const name = c.req.param("file");
    const asset = ASSETS.get(name);
    if (asset === undefined) {
      throw new Refused({ code: "not_found", detail: "The console has no such file, or no longer: load / again." });
    }
    return kept(asset.body, asset.type, `"${name}"`, FOREVER, c.req.header("if-none-match"));
  });
  otherMethods(app, "/console/:file", "GET");
}

function kept(body: string, type: string, etag: string, cache: string, known: string | undefined): Response {
  const headers = { ...SAFE, "content-type": type, etag, "cache-control": cache };
  const same = known?.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag) ?? false;
  return same ? new Response(null, { status: 304, headers }) : new Response(body, { headers });
}
