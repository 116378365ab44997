import { env, SELF } from "cloudflare:test";
import { expect, it } from "vitest";

it("runs in workerd", () => {
  expect(navigator.userAgent).toBe("Cloudflare-Workers");
});

it("serves", async () => {
  const res = await SELF.fetch("http://mesh/v1/agents/echo/invoke", {
    method: "POST",
    headers: {
      authorization: `Bearer ${(env as { HOPLINE_ADMIN_KEY: string }).HOPLINE_ADMIN_KEY}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ input: 1 }),
  });
  expect(await res.json()).toMatchObject({ output: 1 });
});
