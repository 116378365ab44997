import { expect, test } from "vitest";
import { open } from "../../../../mesh/chain/rules/open.ts";
import { ask, facts } from "../../../support/facts.ts";

test("an open hop may call on", () => {
  expect(open(facts({ parent: "open" }), ask())).toBeUndefined();
});

test.each(["done", "error", "rejected", "lost", "cancelled"] as const)(
  "the token of a hop that is %s is dead",
  (parent) => {
    expect(open(facts({ parent }), ask())).toMatchObject({
      code: "token_invalid",
      detail: expect.stringContaining(parent),
    });
  },
);

test("a token of a hop that the ledger does not know is dead, and the refusal claims no end of it", () => {
  const refusal = open(facts({ parent: "unknown" }), ask());
  expect(refusal).toMatchObject({ code: "token_invalid", detail: expect.stringContaining("not in the ledger") });
});
