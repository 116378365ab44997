import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressOf,
  CHAIN_ID,
  type Check,
  chainAddress,
  chainId,
  HOP_ID,
  hopId,
  keyedCheck,
  ledgerName,
  MAX_LEDGER_DIGITS,
  REGIONS,
} from "../../mesh/ids.ts";

/** A check that no change of one digit leaves as it is: places weigh differently, and none weighs a multiple of 65,521. */
const check: Check = (unchecked) => {
  const sum = [...unchecked].reduce((sum, digit, place) => sum + (place + 1) * Number.parseInt(digit, 16), 7);
  return (sum % 65_521).toString(16).padStart(4, "0");
};

const random = (seed: number) => (bytes: number) =>
  Uint8Array.from({ length: bytes }, (_, place) => (seed >> ((place % 4) * 8)) ^ (place * 37));

const options = fc.record({
  ledgerDigits: fc.integer({ min: 0, max: MAX_LEDGER_DIGITS }),
  region: fc.constantFrom(...REGIONS),
  seed: fc.option(fc.stringMatching(/^[0-9a-f]{8,64}$/), { nil: undefined }),
  nowMs: fc.nat(Number.MAX_SAFE_INTEGER),
});

describe("a chain id", () => {
  it("is a W3C trace-id that says where its chain lives", () => {
    fc.assert(
      fc.property(options, fc.integer(), (made, seed) => {
        const id = chainId(made, random(seed), check);
        expect(id).toMatch(CHAIN_ID);
        expect(id).not.toMatch(/^0+$/);
        const address = chainAddress(id, check);
        expect(address).toEqual({ region: made.region, ledger: id.slice(4, 4 + made.ledgerDigits) });
        expect(addressOf(id)).toEqual(address);
        if (made.seed !== undefined) expect(id.slice(4, 12)).toBe(made.seed.slice(0, 8));
      }),
    );
  });

  it("with any one digit changed is not one of ours", () => {
    fc.assert(
      fc.property(options, fc.integer(), fc.nat(31), fc.integer({ min: 1, max: 15 }), (made, seed, place, by) => {
        const id = chainId(made, random(seed), check);
        const digit = ((Number.parseInt(id[place] ?? "", 16) + by) % 16).toString(16);
        expect(chainAddress(id.slice(0, place) + digit + id.slice(place + 1), check)).toBeUndefined();
      }),
    );
  });

  it("has at least 56 random bits at its right end", () => {
    const fill = (byte: number) => (bytes: number) => new Uint8Array(bytes).fill(byte);
    const made = { ledgerDigits: 8, region: "weur", seed: "01234567", nowMs: 0 } as const;
    const [zeros, ones] = [chainId(made, fill(0), check), chainId(made, fill(255), check)];
    expect(zeros.slice(-14)).toBe("0".repeat(14));
    expect(ones.slice(-14)).toBe("f".repeat(14));
  });

  it("stands in its ledger in the order of its start, whatever is random", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.integer(), fc.nat(100), (ledgerDigits, seed, laterMs) => {
        const nowMs = 1_800_000_000_000;
        const ids = [nowMs, nowMs + 1 + laterMs].map((at, place) => {
          const id = chainId({ ledgerDigits, region: "", nowMs: at }, random(seed + place), check);
          return id.slice(4 + ledgerDigits);
        });
        expect(ids).toEqual(ids.toSorted());
      }),
    );
  });

  it("leaves to chance which ledger it lives in", () => {
    const ledger = (byte: number) =>
      addressOf(chainId({ ledgerDigits: 2, region: "", nowMs: 0 }, (bytes) => new Uint8Array(bytes).fill(byte), check))
        ?.ledger;
    expect([ledger(0x00), ledger(0xab)]).toEqual(["00", "ab"]);
  });

  it("of the same seed lives in the same ledger, whatever else is random", () => {
    const made = { ledgerDigits: 3, region: "", seed: "abcdef0123456789", nowMs: 0 } as const;
    const [a, b] = [chainId(made, random(1), check), chainId(made, random(2), check)];
    expect(a).not.toBe(b);
    expect(chainAddress(a, check)).toEqual(chainAddress(b, check));
  });

  it.each([
    ["another version", "2000"],
    ["more ledger digits than there are", "1900"],
    ["a region that there is not", "10ff"],
  ])("of %s is refused by its form", (_, head) => {
    const rest = "0".repeat(28);
    expect(addressOf(head + rest)).toBeUndefined();
    const checked = `${head}00000000${check(`${head}${"0".repeat(24)}`)}${"0".repeat(16)}`;
    expect(chainAddress(checked, check)).toBeUndefined();
  });

  it.each(["", "1".repeat(31), "1".repeat(33), `${"1".repeat(31)}A`, `${"1".repeat(31)}g`, `${"1".repeat(32)}\n`])(
    "is nothing else: %j",
    (id) => {
      expect(addressOf(id)).toBeUndefined();
      expect(chainAddress(id, check)).toBeUndefined();
    },
  );

  it("of one mesh is not one of another: the check is keyed", () => {
    const keyed = (byte: number) => keyedCheck(new Uint8Array(32).fill(byte));
    const [ours, theirs] = [keyed(1), keyed(2)];
    const made = { ledgerDigits: 1, region: "", seed: undefined, nowMs: 0 } as const;
    const ids = Array.from({ length: 100 }, (_, n) => chainId(made, random(n * 7_919), ours));
    const known = ids.map((id) => chainAddress(id, theirs) !== undefined);
    for (const id of ids) expect(chainAddress(id, ours)).toBeDefined();
    // One in 65,536 would pass by chance.
    expect(known.filter(Boolean).length).toBeLessThanOrEqual(1);
  });
});

it("a hop id is a W3C span-id", () => {
  expect(hopId(random(5))).toMatch(HOP_ID);
  expect(hopId((bytes) => new Uint8Array(bytes).fill(255))).toBe("f".repeat(16));
});

it("two ledgers have one name only if they are of the same mesh, region and digits", () => {
  const place = fc.record({
    mesh: fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
    region: fc.constantFrom(...REGIONS),
    ledger: fc.stringMatching(/^[0-9a-f]{0,8}$/),
  });
  fc.assert(
    fc.property(place, place, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      expect(ledgerName(a.mesh, a) === ledgerName(b.mesh, b)).toBe(same);
    }),
  );
});
