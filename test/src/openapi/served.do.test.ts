/** The document as it is served, and what it says of who may ask and with which methods. */
import { SELF } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { Scope } from "../../../mesh/schema.ts";
import { openApiDocument } from "../../../src/openapi/document.ts";
import { OPERATIONS } from "../../../src/openapi/operations.ts";
import { api } from "../../support/workers/http.ts";

const ORIGIN = "http://mesh.test";
/** A path that is there, or could be. */
const filled = (path: string) =>
  path.replace("/chains/{id}", `/chains/${"0".repeat(32)}`).replaceAll(/\{\w+\}/g, "none");
const paths = Map.groupBy(OPERATIONS, ({ path }) => path);

describe.each(["/openapi.json", "/docs"])("%s", (path) => {
  it("needs no key, may be kept for a while, and is not sent again to whom has it", async () => {
    const first = await SELF.fetch(ORIGIN + path);
    expect(first.status).toBe(200);
    expect(first.headers.get("cache-control")).toMatch(/^public, max-age=\d+$/);
    const tag = first.headers.get("etag") ?? "";
    expect(tag).toMatch(/^"[^"]{20,}"$/);
    expect((await first.text()).length).toBeGreaterThan(1_000);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
      const again = await SELF.fetch(ORIGIN + path, { headers: { "if-none-match": known } });
      expect([again.status, await again.text(), again.headers.get("etag")], known).toEqual([304, "", tag]);
    }
    expect((await SELF.fetch(ORIGIN + path, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });
});

it("/openapi.json is the document", async () => {
  const answer = await SELF.fetch(`${ORIGIN}/openapi.json`);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
});

describe("/docs", () => {
  const load = async () => {
    const answer = await SELF.fetch(`${ORIGIN}/docs`);
    return { policy: answer.headers.get("content-security-policy") ?? "", page: await answer.text() };
  };

  it("has a place for every operation and schema, and no link that leads nowhere", async () => {
    const { page } = await load();
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const { schemas = {} } = openApiDocument().components ?? {};
    const wanted = [
      "callOfAgent",
      ...OPERATIONS.map(({ id }) => id),
      ...Object.keys(schemas).map((name) => `schema-${name}`),
    ];
    expect(wanted.filter((id) => !ids.has(id))).toEqual([]);
    const links = [...page.matchAll(/ href="([^"]+)"/g)].map(([, link]) => link ?? "");
    expect(links.filter((link) => link.startsWith("#") && !ids.has(link.slice(1)))).toEqual([]);
    expect(new Set(links.filter((link) => !link.startsWith("#")))).toEqual(new Set(["/openapi.json"]));
  });

  it("loads nothing, runs nothing, and its policy lets a browser use its style alone", async () => {
    const { policy, page } = await load();
    const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${hash}'`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    expect(style).not.toMatch(/url\(|@import/);
    expect(page).not.toMatch(/<(script|link|img|iframe|object|form)\b| style=| on\w+=| src=/);
  });
});

describe.each(OPERATIONS.filter(({ access }) => access !== "open"))("$id", ({ method, path, access, body }) => {
  let others: string;
  beforeAll(async () => {
    // A key with all scopes but the one that is asked for; `admin` holds all, and `agent` needs an agent.
    const scopes = Scope.options.filter((scope) => ![access, "admin", "agent"].includes(scope));
    const made = await api("POST", "/v1/keys", { body: { name: "others", scopes } });
    others = String(made.body.key);
  });
  const send = (key: string | undefined) =>
    SELF.fetch(ORIGIN + filled(path), {
      method: method.toUpperCase(),
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(Object.values(body.examples)[0]) }),
    });

  it(`needs a key, and one with scope '${access}'`, async () => {
    expect((await send(undefined)).status).toBe(401);
    const refused = await send(others);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([403, "insufficient_scope"]);
  });
});

describe.each([...paths])("%s", (path, operations) => {
  it("answers other methods than the documented ones with 405, naming those", async () => {
    const allowed = operations.map(({ method }) => method.toUpperCase());
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"].filter((other) => !allowed.includes(other))) {
      const answer = await api(method, filled(path));
      expect([method, answer.status, answer.body.code]).toEqual([method, 405, "method_not_allowed"]);
      expect(answer.headers.get("allow")?.split(", ").toSorted()).toEqual(allowed.toSorted());
    }
  });
});
