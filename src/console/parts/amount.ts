/** Amounts of each budget dimension, as people read them. */
import { cost, duration, grouped } from "../../../mesh/chain/render/words.ts";
import type { Dimension } from "../../../mesh/limits.ts";

export const DIMENSION_WORDS: Readonly<Record<Dimension, string>> = {
  hops: "Hops",
  tokens: "Tokens",
  costMicros: "Cost",
  bytes: "Payload",
  concurrency: "Open at once",
  wallMs: "Time",
};

export function amount(dimension: Dimension, value: number): string {
  switch (dimension) {
    case "costMicros":
      return value === 0 ? "$0" : cost(value);
    case "wallMs":
      return duration(value);
    case "bytes":
      return bytes(value);
    case "hops":
    case "tokens":
    case "concurrency":
      return grouped(value);
    default:
      return dimension satisfies never;
  }
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** @example bytes(91_262) // "89.1 KiB" */
export function bytes(value: number): string {
  const power = value < 1_024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1_024 ** power;
  const text =
    power === 0 || scaled >= 100 || Number.isInteger(scaled) ? String(Math.round(scaled)) : scaled.toFixed(1);
  return `${text} ${UNITS[power]}`;
}
