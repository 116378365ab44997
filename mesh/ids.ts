/**
 * The grammar of chain and hop ids. A chain id is a W3C trace-id that is also the chain's address:
 *
 *     1  n  rr  dddddddd  cccc  xxxxxxxxxxxxxxxx
 *     │  │  │   │         │     └ 64 random bits
 *     │  │  │   │         └ keyed check of all the other digits: a made-up id wakes no object
 *     │  │  │   └ 8 digits: the first n, random, name the ledger object; the others are the time, in milliseconds
 *     │  │  └ region, two hex digits: the ledger's location hint
 *     │  └ how many ledger digits count: 0 = one ledger a region … 8 = practically one a chain
 *     └ version of this layout
 *
 * The time orders the chains of a ledger, for its indexes: what begins together stands together, and a commit that begins
 * ten chains writes one page of an index and not ten.
 */

import { hex, keyedDigest } from "./digest.ts";

const VERSION = "1";
export const MAX_LEDGER_DIGITS = 8;

/** Locations that a Durable Object can be asked to live in; the index is the region's number in a chain id. */
export const REGIONS = ["", "wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;
export type Region = (typeof REGIONS)[number];

export interface ChainAddress {
  readonly region: Region;
  /** The digits that name the ledger object, 0 to 8 of them. */
  readonly ledger: string;
}

export const CHAIN_ID = /^[0-9a-f]{32}$/;
export const HOP_ID = /^[0-9a-f]{16}$/;

/** Random hex digits: `crypto.getRandomValues` as an argument, so that tests choose. */
export function hopId(random: (bytes: number) => Uint8Array): string {
  return hex(random(8));
}

/** Computes the keyed check of an id whose check digits are left out: four hex digits. */
export type Check = (unchecked: string) => string;

/** A check keyed with a mesh's secret. HMAC-SHA-256, cut to 16 bits: it saves objects from being woken, no more. */
export function keyedCheck(secret: Uint8Array): Check {
  const keyed = keyedDigest(secret);
  return (unchecked) => hex(keyed(unchecked).subarray(0, 2));
}

/**
 * Makes a chain id.
 * @param ledgerDigits how many digits name the ledger, 0 to 8
 * @param seed all 8 digits themselves, where the ledger must be found again (an Idempotency-Key)
 * @param nowMs epoch milliseconds
 */
export function chainId(
  options: { ledgerDigits: number; region: Region; seed?: string | undefined; nowMs: number },
  random: (bytes: number) => Uint8Array,
  check: Check,
): string {
  const region = REGIONS.indexOf(options.region).toString(16).padStart(2, "0");
  const digits =
    options.seed?.slice(0, MAX_LEDGER_DIGITS) ?? ledgerThenTime(options.ledgerDigits, options.nowMs, random);
  const head = `${VERSION}${options.ledgerDigits}${region}${digits}`;
  const tail = hex(random(8));
  return `${head}${check(head + tail)}${tail}`;
}

function ledgerThenTime(ledgerDigits: number, nowMs: number, random: (bytes: number) => Uint8Array): string {
  const time = Math.trunc(nowMs).toString(16).padStart(MAX_LEDGER_DIGITS, "0");
  const ledger = ledgerDigits === 0 ? "" : hex(random(MAX_LEDGER_DIGITS / 2)).slice(0, ledgerDigits);
  return ledger + time.slice(time.length - MAX_LEDGER_DIGITS + ledgerDigits);
}

/** Where the chain of an id lives, by its form alone: for ids that this mesh has signed or just made. */
export function addressOf(id: string): ChainAddress | undefined {
  if (!CHAIN_ID.test(id) || id[0] !== VERSION) return undefined;
  const digits = Number(id[1]);
  const region = REGIONS[Number.parseInt(id.slice(2, 4), 16)];
  return digits <= MAX_LEDGER_DIGITS && region !== undefined ? { region, ledger: id.slice(4, 4 + digits) } : undefined;
}

/** Where the chain of an id from outside lives, or nothing when the id is not one that this mesh has made. */
export function chainAddress(id: string, check: Check): ChainAddress | undefined {
  const address = addressOf(id);
  if (address === undefined || check(id.slice(0, 12) + id.slice(16)) !== id.slice(12, 16)) return undefined;
  return address;
}

/** The name of the ledger object: mesh, region and ledger digits. */
export function ledgerName(mesh: string, { region, ledger }: ChainAddress): string {
  return `${mesh}/${region}/${ledger}`;
}
