/** The console as it is served: what a browser may load for it, and what it may keep. */
import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";

const ORIGIN = "http://mesh.test";

async function parts(): Promise<{ readonly page: string; readonly files: string[] }> {
  const page = await (await SELF.fetch(`${ORIGIN}/`)).text();
  const files = [...page.matchAll(/(?:src|href)="(\/console\/[^"]+)"/g)].map(([, path]) => path ?? "");
  return { page, files };
}

describe("the console", () => {
  it("needs no key, and holds nothing inline and nothing from elsewhere", async () => {
    const { page, files } = await parts();
    expect(files.map((file) => file.replace(/[0-9a-f]{16}/, "HASH"))).toEqual([
      "/console/app-HASH.css",
      "/console/app-HASH.js",
    ]);
    expect(page).not.toMatch(/<style|<script(?![^>]* src=)| style=| on\w+=|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  });

  it("comes with a policy that lets it load its own script and style, and ask its own API", async () => {
    const { files } = await parts();
    for (const path of ["/", ...files]) {
      const { headers, status } = await SELF.fetch(ORIGIN + path);
      expect(status).toBe(200);
      expect(headers.get("content-security-policy")?.split("; ")).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ]);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
    }
  });

  it("has files that never change under their name, and a page that is asked for anew", async () => {
    const { files } = await parts();
    const types = [];
    for (const path of ["/", ...files]) {
      const first = await SELF.fetch(ORIGIN + path);
      types.push(first.headers.get("content-type"));
      const cache = first.headers.get("cache-control");
      expect(cache).toBe(path === "/" ? "no-cache" : "public, max-age=31536000, immutable");
      const etag = first.headers.get("etag") ?? "";
      await first.text();
      const again = await SELF.fetch(ORIGIN + path, { headers: { "if-none-match": `W/${etag}` } });
      expect([again.status, await again.text()]).toEqual([304, ""]);
    }
    expect(types).toEqual(["text/html; charset=utf-8", "text/css; charset=utf-8", "text/javascript; charset=utf-8"]);
  });

  it("has no other file, and takes no other method", async () => {
    for (const path of ["/console/app-0000000000000000.js", "/console/constructor", "/console/assets.js"]) {
      expect((await SELF.fetch(ORIGIN + path)).status, path).not.toBe(200);
    }
    const { files } = await parts();
    for (const path of ["/", ...files]) {
      const answer = await SELF.fetch(ORIGIN + path, { method: "POST" });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET"]);
    }
  });

  it("is small", async () => {
    const { files } = await parts();
    const sizes = await Promise.all(files.map(async (path) => (await (await SELF.fetch(ORIGIN + path)).text()).length));
    expect(sizes.every((size) => size > 5_000 && size < 100_000)).toBe(true);
  });
});
