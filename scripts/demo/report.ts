/** What a chain gave and cost → lines for a terminal. */
import type { Paint } from "../../mesh/chain/render/terminal.ts";
import { visible } from "../../mesh/chain/render/text.ts";

export interface Quote {
  readonly n: number;
  readonly text: string;
  readonly source: string;
  readonly line: number;
  readonly heading?: string;
}

/** The output of the agent `desk`. */
export interface DeskAnswer {
  readonly answer: string;
  readonly quotes: readonly Quote[];
  readonly leftOut: readonly { readonly source: string; readonly code: string; readonly detail: string }[];
  readonly read: { readonly sources: number; readonly passages: number; readonly truncated: readonly string[] };
}

type Amounts = Readonly<Record<string, number>>;

export interface ChainBudget {
  readonly limits: Amounts;
  readonly spent: Amounts;
  readonly reserved: Amounts;
  readonly overrun: Amounts;
}

const QUOTE_LINES = 6;

export function renderAnswer({ answer, quotes, leftOut, read }: DeskAnswer, paint: Paint): string[] {
  const lines = [...answer.split("\n").map(visible), "", paint("bold", "Quotes")];
  for (const { n, text, source, line, heading } of quotes) {
    const under = heading ? paint("dim", `  ${visible(heading)}`) : "";
    lines.push(`[${n}] ${paint("bold", visible(`${source}:${line}`))}${under}`, ...quoteLines(text));
  }
  if (quotes.length === 0) lines.push("    none");
  for (const { source, code, detail } of leftOut) {
    lines.push(`${paint("yellow", "left out")}  ${visible(source)}  ${visible(code)}: ${visible(detail)}`);
  }
  for (const source of read.truncated) lines.push(`${paint("yellow", "cut off")}  ${visible(source)}`);
  lines.push(paint("dim", `Read: ${counted(read.passages, "passage")} of ${counted(read.sources, "source")}.`));
  return lines;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function quoteLines(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `    ${visible(line.replaceAll("\t", "  "))}`);
  return lines.length > QUOTE_LINES ? [...lines.slice(0, QUOTE_LINES - 1), "    …"] : lines;
}

const UNITS: Readonly<Record<string, string>> = {
  hops: "hops",
  tokens: "tokens",
  costMicros: "micro-USD",
  bytes: "bytes",
  concurrency: "open at once",
  wallMs: "ms",
};

/** One line a dimension. What is still reserved, or went over all limits, shows where there is any. */
export function renderBudget({ limits, spent, reserved, overrun }: ChainBudget, paint: Paint): string[] {
  const dimensions = Object.keys(limits);
  const count = (amounts: Amounts | undefined, dimension: string): string =>
    (amounts?.[dimension] ?? 0).toLocaleString("en-US");
  const cells = dimensions.map((dimension) => ({
    name: visible(dimension),
    spent: count(spent, dimension),
    limit: count(limits, dimension),
    unit: UNITS[dimension] ?? "",
    notes: [
      ...(reserved?.[dimension] ? [`${count(reserved, dimension)} reserved`] : []),
      ...(overrun?.[dimension] ? [paint("red", `${count(overrun, dimension)} over`)] : []),
    ].join(", "),
  }));
  const width = (key: "name" | "spent" | "limit" | "unit", atLeast: number): number =>
    Math.max(atLeast, ...cells.map((cell) => cell[key].length));
  const [name, used, limit, unit] = [width("name", 6), width("spent", 5), width("limit", 5), width("unit", 0)];
  return [
    paint("bold", `${"Budget".padEnd(name)}  ${"spent".padStart(used)}  ${"limit".padStart(limit)}`),
    ...cells.map((cell) =>
      [
        cell.name.padEnd(name),
        cell.spent.padStart(used),
        cell.limit.padStart(limit),
        cell.unit.padEnd(unit),
        cell.notes,
      ]
        .join("  ")
        .trimEnd(),
    ),
  ];
}
