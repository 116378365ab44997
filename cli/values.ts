/** What is written on a command line → numbers of the API. Whole numbers only: no float touches money. */
import { InvalidArgumentError } from "commander";

/** @throws {InvalidArgumentError} as all here: commander says which option it was */
export function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("It takes a whole number from 0.");
  }
  return value;
}

const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `30s`, `5m`, `2h`, `7d` → milliseconds. */
export function milliseconds(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const unitMs = DURATION_MS[unit];
  if (unitMs === undefined) throw new InvalidArgumentError("It takes a duration such as 500ms, 30s, 5m, 2h or 7d.");
  return Number(digits) * unitMs;
}

/** `0.25` or `$0.25` → micro-USD. */
export function dollars(text: string): number {
  const [, whole, fraction = ""] = /^\$?(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === undefined) {
    throw new InvalidArgumentError("It takes US dollars such as 0.25, with at most six digits after the point.");
  }
  return Number(whole + fraction.padEnd(6, "0"));
}

const SIZE: Readonly<Record<string, number>> = { "": 1, B: 1, KB: 1_000, MB: 1_000_000, GB: 1_000_000_000 };
const SIZE_BINARY: Readonly<Record<string, number>> = { KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };

/** `65536`, `64KiB`, `10MB` → bytes. */
export function bytes(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,15})([A-Za-z]*)$/.exec(text) ?? [];
  const factor = SIZE[unit.toUpperCase()] ?? SIZE_BINARY[unit.toUpperCase()];
  const value = Number(digits) * (factor ?? 0);
  if (digits === "" || factor === undefined || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError("It takes bytes such as 65536, 64KiB or 10MB.");
  }
  return value;
}

/** For an option that may be repeated, or hold several at once with commas between. */
export function list(text: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), ...text.split(",").filter((item) => item !== "")];
}
