import { expect, test } from "vitest";
import { running } from "../../../../mesh/chain/rules/running.ts";
import { ask, facts } from "../../../support/facts.ts";

const at = (now: number, deadlineMs: number) => facts({ now, chain: { status: "running", deadlineMs } });

test("a running chain admits until the millisecond before its deadline", () => {
  expect(running(at(999, 1_000), ask())).toBeUndefined();
});

test("the deadline itself is too late", () => {
  expect(running(at(1_000, 1_000), ask())).toMatchObject({ code: "deadline_exceeded" });
});

test("says by how much the deadline was missed", () => {
  expect(running(at(1_250, 1_000), ask())).toMatchObject({ detail: expect.stringContaining("250 ms") });
});

test("a cancelled chain says that it was cancelled, also after its deadline", () => {
  const chain = { status: "cancelled", deadlineMs: 0 } as const;
  expect(running(facts({ chain }), ask())).toMatchObject({ code: "chain_cancelled" });
});

test.each(["done", "failed", "expired"] as const)(
  "a chain that is %s is closed, and says so after its deadline too",
  (status) => {
    for (const deadlineMs of [0, Number.MAX_SAFE_INTEGER]) {
      const refusal = running(facts({ chain: { status, deadlineMs } }), ask());
      expect(refusal).toMatchObject({ code: "chain_closed", detail: expect.stringContaining(status) });
    }
  },
);
