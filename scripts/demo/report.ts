/** What a chain gave and cost → lines for a terminal. */

import { placeOf } from "../../agents/clerk/place.ts";
import { together } from "../../agents/desk/notes.ts";
import type { DeskOutput, Quote } from "../../agents/desk/schema.ts";
import type { Paint } from "../../mesh/chain/render/terminal.ts";
import { visible } from "../../mesh/chain/render/text.ts";
import { counted, grouped } from "../../mesh/chain/render/words.ts";

type Amounts = Readonly<Record<string, number>>;

export interface ChainBudget {
  readonly limits: Amounts;
  readonly spent: Amounts;
  readonly reserved: Amounts;
  readonly overrun: Amounts;
}

const QUOTE_LINES = 6;

export function renderReport({ sections, quotes, leftOut, check, read }: DeskOutput, paint: Paint): string[] {
  const lines = sections.flatMap(({ question, claims }) => [
    ...(sections.length > 1 ? [paint("bold", visible(question))] : []),
    ...claims.map(({ text, cites }) => `• ${visible(text)} ${paint("dim", cites.map((n) => `[${n}]`).join(""))}`),
    ...(claims.length === 0 ? [paint("dim", "Nothing was found on this.")] : []),
    "",
  ]);
  const cited = new Set(sections.flatMap(({ claims }) => claims.flatMap(({ cites }) => cites)));
  const [used, others] = [quotes.filter(({ n }) => cited.has(n)), quotes.filter(({ n }) => !cited.has(n))];
  for (const [title, shown] of [
    ["Quotes", used],
    ["Found, and not cited", others],
  ] as const) {
    if (shown.length > 0) lines.push(paint("bold", title), ...shown.flatMap((quote) => quoteLines(quote, paint)));
  }
  if (quotes.length === 0) lines.push(paint("bold", "Quotes"), "    none");
  lines.push("");
  for (const { names, code, detail } of together(leftOut)) {
    lines.push(`${paint("yellow", "left out")}  ${visible(names.join(", "))}  ${visible(code)}: ${visible(detail)}`);
  }
  for (const source of read.truncated) lines.push(`${paint("yellow", "cut off")}  ${visible(source)}`);
  lines.push(
    paint("dim", `Read: ${counted(read.passages, "passage")} of ${counted(read.sources, "source")}. ${checked(check)}`),
  );
  return lines;
}

function checked(check: DeskOutput["check"]): string {
  if (check === null) return "No claim was checked.";
  const { claims, sentBack, unbacked } = check;
  return `Checked: ${counted(claims, "claim")}, ${sentBack} sent back, ${unbacked} given up.`;
}

function quoteLines({ heading, ...quote }: Quote, paint: Paint): string[] {
  const under = heading ? paint("dim", `  ${visible(heading)}`) : "";
  const head = `[${quote.n}] ${paint("bold", visible(`${quote.source}, ${placeOf(quote)}`))}${under}`;
  const lines = quote.text.split(/\r\n|\r|\n/).map((line) => `    ${visible(line.replaceAll("\t", "  "))}`);
  return [head, ...(lines.length > QUOTE_LINES ? [...lines.slice(0, QUOTE_LINES - 1), "    …"] : lines)];
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
  const count = (amounts: Amounts | undefined, dimension: string): string => grouped(amounts?.[dimension] ?? 0);
  const cells = Object.keys(limits).map((dimension) => ({
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
  const row = (cell: (typeof cells)[number]): string =>
    [cell.name.padEnd(name), cell.spent.padStart(used), cell.limit.padStart(limit), cell.unit.padEnd(unit), cell.notes]
      .join("  ")
      .trimEnd();
  return [
    paint("bold", `${"Budget".padEnd(name)}  ${"spent".padStart(used)}  ${"limit".padStart(limit)}`),
    ...cells.map(row),
  ];
}
