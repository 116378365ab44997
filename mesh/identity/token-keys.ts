/**
 * When the keys of hop tokens sign and verify. A key is published before it signs, signs until the next one does, and
 * verifies on for as long as a token that it signed may live. Pure.
 */
import {
  TOKEN_KEY_DAYS,
  TOKEN_KEY_DAYS_CEILING,
  TOKEN_KEY_LEAD_MS,
  TOKEN_KEY_OVERLAP_MS,
  TOKEN_KEYS,
} from "../limits.ts";

/** A key's times, in epoch milliseconds. */
export interface KeyTimes {
  readonly madeAt: number;
  /** Absent while it is the next one. */
  readonly signsFrom?: number | undefined;
}

/** A key as an admin sees it. */
export interface KeyView {
  readonly kid: string;
  readonly use: "next" | "signs" | "verifies";
  readonly madeAt: number;
  readonly signsFrom: number | null;
  /** When it is gone; null while that is open. */
  readonly verifiesUntil: number | null;
}

/** The keys of a mesh, oldest first: replaced ones, the one that signs, the next one. */
export type Keys<K extends KeyTimes> = readonly K[];

export interface Schedule<K extends KeyTimes> {
  readonly signing: K;
  /** What the mesh publishes and believes: the one that signs, the next one, and those before, newest first. */
  readonly verifying: readonly K[];
  /** Whether the next key is to sign now, or has to be made. */
  readonly due: boolean;
  /** Until when all this holds. */
  readonly until: number;
}

/** @throws when there is no key that signs: a keyring has one from its first day */
export function scheduleAt<K extends KeyTimes>(keys: Keys<K>, now: number, periodMs: number): Schedule<K> {
  const signing = keys.findLast(({ signsFrom }) => signsFrom !== undefined);
  if (signing?.signsFrom === undefined) throw new Error("No key of the mesh signs.");
  const next = keys.find(({ signsFrom }) => signsFrom === undefined);
  const before = keys.filter((key) => key !== signing && key !== next && retiresAt(keys, key) > now).toReversed();
  const dueAt = next === undefined ? now : Math.max(signing.signsFrom + periodMs, next.madeAt + TOKEN_KEY_LEAD_MS);
  return {
    signing,
    verifying: [signing, ...(next === undefined ? [] : [next]), ...before],
    due: dueAt <= now,
    until: Math.min(dueAt, ...before.map((key) => retiresAt(keys, key))),
  };
}

/** When the last token that a key has signed is over; never, while it signs. */
export function retiresAt<K extends KeyTimes>(keys: Keys<K>, key: K): number {
  const replacedAt = keys[keys.indexOf(key) + 1]?.signsFrom;
  return replacedAt === undefined ? Number.POSITIVE_INFINITY : replacedAt + TOKEN_KEY_OVERLAP_MS;
}

/**
 * The keys when the next one signs from `now` on, and `made` is the one after it. Where there is no next one yet, `made` is
 * it, and nothing else changes.
 * @returns nothing when so many keys still verify that one more is too many
 */
export function rotated<K extends KeyTimes>(keys: Keys<K>, made: K, now: number): Keys<K> | undefined {
  const kept = keys.filter((key) => retiresAt(keys, key) > now);
  if (kept.every(({ signsFrom }) => signsFrom !== undefined)) return [...kept, made];
  if (kept.length >= TOKEN_KEYS) return undefined;
  return [...kept.map((key) => (key.signsFrom === undefined ? { ...key, signsFrom: now } : key)), made];
}

/** Newest first. */
export function keyViews<K extends KeyTimes & { readonly kid: string }>(keys: Keys<K>): KeyView[] {
  const view = (key: K): KeyView => {
    const { kid, madeAt, signsFrom = null } = key;
    const until = retiresAt(keys, key);
    if (signsFrom === null) return { kid, use: "next", madeAt, signsFrom, verifiesUntil: null };
    if (until === Number.POSITIVE_INFINITY) return { kid, use: "signs", madeAt, signsFrom, verifiesUntil: null };
    return { kid, use: "verifies", madeAt, signsFrom, verifiesUntil: until };
  };
  return keys.map(view).toReversed();
}

/** HOPLINE_TOKEN_KEY_DAYS. @throws {TypeError} what is no number of days */
export function tokenKeyDays(setting: string | undefined): number {
  const days = Number(setting ?? TOKEN_KEY_DAYS);
  if (!Number.isInteger(days) || days < 1 || days > TOKEN_KEY_DAYS_CEILING) {
    throw new TypeError(`HOPLINE_TOKEN_KEY_DAYS must be a whole number from 1 to ${TOKEN_KEY_DAYS_CEILING}.`);
  }
  return days;
}
