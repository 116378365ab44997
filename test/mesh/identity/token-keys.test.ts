import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type KeyTimes,
  keyViews,
  retiresAt,
  rotated,
  scheduleAt,
  tokenKeyDays,
} from "../../../mesh/identity/token-keys.ts";
import { TIMEOUT_CEILING_MS, TOKEN_KEY_LEAD_MS, TOKEN_KEY_OVERLAP_MS, TOKEN_KEYS } from "../../../mesh/limits.ts";

interface Key extends KeyTimes {
  readonly kid: string;
}

const DAY = 24 * 3_600_000;
const MONTH = 30 * DAY;
const key = (kid: string, madeAt: number, signsFrom?: number): Key => ({ kid, madeAt, signsFrom });
const kids = (keys: readonly Key[]) => keys.map(({ kid }) => kid);
const at = (keys: readonly Key[], now: number) => {
  const { signing, verifying, due } = scheduleAt(keys, now, MONTH);
  return { signing: signing.kid, verifying: kids(verifying), due };
};

describe("the schedule", () => {
  const first = [key("a", 0, 0), key("b", 0)];

  it("lets a key sign for its period; the next one is published from the start", () => {
    expect(at(first, MONTH - 1)).toEqual({ signing: "a", verifying: ["a", "b"], due: false });
    expect(at(first, MONTH)).toEqual({ signing: "a", verifying: ["a", "b"], due: true });
    expect(scheduleAt(first, 0, MONTH).until).toBe(MONTH);
  });

  it("has a replaced key verify for as long as its last token may live, and not longer", () => {
    const keys = rotated(first, key("c", MONTH), MONTH) ?? [];
    const retires = MONTH + TOKEN_KEY_OVERLAP_MS;
    expect(at(keys, MONTH)).toEqual({ signing: "b", verifying: ["b", "c", "a"], due: false });
    expect(at(keys, MONTH + TIMEOUT_CEILING_MS).verifying).toContain("a");
    expect(at(keys, retires - 1).verifying).toEqual(["b", "c", "a"]);
    expect(at(keys, retires).verifying).toEqual(["b", "c"]);
    expect(scheduleAt(keys, MONTH, MONTH).until).toBe(retires);
    expect(scheduleAt(keys, retires, MONTH).until).toBe(2 * MONTH);
  });

  it("makes the next key where there is none, as in a keyring of before, and lets it sign only when it is known", () => {
    const old = [key("a", 0, 0)];
    expect(at(old, 2 * MONTH)).toEqual({ signing: "a", verifying: ["a"], due: true });
    const keys = rotated(old, key("b", 2 * MONTH), 2 * MONTH) ?? [];
    expect(at(keys, 2 * MONTH)).toEqual({ signing: "a", verifying: ["a", "b"], due: false });
    expect(at(keys, 2 * MONTH + TOKEN_KEY_LEAD_MS - 1).due).toBe(false);
    expect(at(keys, 2 * MONTH + TOKEN_KEY_LEAD_MS).due).toBe(true);
  });

  it("fails without a key that signs", () => {
    expect(() => scheduleAt([key("a", 0)], 0, MONTH)).toThrow("No key");
  });
});

describe("a rotation", () => {
  it("forgets the keys that have retired", () => {
    const keys = [key("a", 0, 0), key("b", 0, DAY), key("c", DAY)];
    expect(kids(rotated(keys, key("d", MONTH), MONTH) ?? [])).toEqual(["b", "c", "d"]);
  });

  it("is refused while so many keys verify that one more is too many, and goes on when the oldest has retired", () => {
    let keys: readonly Key[] = [key("k0", 0, 0), key("k1", 0)];
    for (let n = 2; n < TOKEN_KEYS; n++) keys = rotated(keys, key(`k${n}`, n), n) ?? [];
    expect(keys).toHaveLength(TOKEN_KEYS);
    expect(rotated(keys, key("more", 20), 20)).toBeUndefined();
    const [oldest] = keys;
    const later = oldest === undefined ? 0 : retiresAt(keys, oldest);
    expect(kids(rotated(keys, key("more", later), later) ?? [])).not.toContain("k0");
  });

  it("never takes a key from a token that lives, whenever keys are rotated and by whom", () => {
    const steps = fc.array(fc.integer({ min: 0, max: TOKEN_KEY_OVERLAP_MS }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(steps, (pauses) => {
        let now = 0;
        let keys: readonly Key[] = [key("k0", 0, 0), key("k1", 0)];
        const tokens: { kid: string; expiresAt: number }[] = [];
        for (const [n, pause] of pauses.entries()) {
          now += pause;
          keys = rotated(keys, key(`k${n + 2}`, now), now) ?? keys;
          const { signing, verifying } = scheduleAt(keys, now, MONTH);
          tokens.push({ kid: signing.kid, expiresAt: now + TIMEOUT_CEILING_MS });
          for (const { kid, expiresAt } of tokens) if (expiresAt > now) expect(kids(verifying)).toContain(kid);
          expect(keys.length).toBeLessThanOrEqual(TOKEN_KEYS);
        }
      }),
    );
  });
});

it("an admin sees what each key does, newest first", () => {
  expect(keyViews([key("a", 1, 1), key("b", 1, 5), key("c", 5)])).toEqual([
    { kid: "c", use: "next", madeAt: 5, signsFrom: null, verifiesUntil: null },
    { kid: "b", use: "signs", madeAt: 1, signsFrom: 5, verifiesUntil: null },
    { kid: "a", use: "verifies", madeAt: 1, signsFrom: 1, verifiesUntil: 5 + TOKEN_KEY_OVERLAP_MS },
  ]);
});

it("the period is a whole number of days, 30 unless somebody says otherwise", () => {
  expect([undefined, "1", "365"].map(tokenKeyDays)).toEqual([30, 1, 365]);
  for (const wrong of ["", "0", "-1", "1.5", "366", "monthly"]) expect(() => tokenKeyDays(wrong)).toThrow(TypeError);
});
