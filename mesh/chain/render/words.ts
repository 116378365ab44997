/** Amounts as people read them. */

/** @example duration(125_400) // "2 min 5 s" */
export function duration(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(tenths < 100 ? 1 : 0)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

function pair(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** Micro-USD in dollars, with as many places as the amount needs. @example cost(12_345) // "$0.012" */
export function cost(micros: number): string {
  if (micros >= 1_000_000) return `$${grouped(Math.floor(micros / 1_000_000))}.${cents(micros)}`;
  const places = micros >= 10_000 ? 3 : micros >= 1_000 ? 4 : micros >= 100 ? 5 : 6;
  return `$${(micros / 1_000_000).toFixed(places)}`;
}

function cents(micros: number): string {
  return String(Math.floor((micros % 1_000_000) / 10_000)).padStart(2, "0");
}

/** @example grouped(12345) // "12,345" */
export function grouped(amount: number): string {
  return String(amount).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** @example counted(1, "hop") // "1 hop" */
export function counted(amount: number, noun: string): string {
  return `${grouped(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}
