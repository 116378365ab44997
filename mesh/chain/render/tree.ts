/** The hops of a call graph → a tree of lines for a terminal. Pure. */

import { kindsOf } from "./kinds.ts";
import { statusStyle, statusText } from "./status.ts";
import { type Paint, plain, type Style } from "./terminal.ts";
import { visible } from "./text.ts";
import { cost, counted, duration, grouped } from "./words.ts";

/** What of a hop of `GET /v1/chains/{id}/graph?format=json` a tree needs. */
export interface TreeHop {
  readonly hopId: string;
  readonly parentHopId: string | null;
  readonly callee: string;
  readonly skill?: string | null;
  readonly status: string;
  readonly code?: string | null;
  readonly detail?: string | null;
  readonly path?: readonly string[];
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt?: number | null;
  readonly attempt?: number;
  readonly late?: boolean;
  readonly usage?: { readonly hops?: number; readonly tokens?: number; readonly costMicros?: number };
}

export interface TreeOptions {
  readonly paint?: Paint;
  /** Epoch milliseconds: shows how long open hops have been running. */
  readonly now?: number;
  /** A line for each hop, where equal siblings would share one. */
  readonly expand?: boolean;
  /** What is beyond is counted in a last line. */
  readonly mostLines?: number;
}

/** Siblings that look alike, with all that is below any of them. */
interface Branch {
  readonly hops: readonly [TreeHop, ...TreeHop[]];
  readonly below: readonly Branch[];
  readonly total: Total;
}

/** Of the branch's hops and all below them. */
interface Total {
  readonly hops: number;
  readonly tokens: number;
  readonly costMicros: number;
}

interface Row {
  readonly indent: string;
  readonly branch: Branch;
}

/**
 * Children stand below their parent in the order of their start; a hop whose parent is absent is a root. Siblings of
 * the same agent, with the same end and the same kinds of hops below, share a line (`×37`), and so do all below them:
 * such a line's counts and costs are those of all its hops together.
 */
export function renderTree(hops: readonly TreeHop[], options: TreeOptions = {}): string[] {
  const { paint = plain, mostLines = Number.POSITIVE_INFINITY } = options;
  const rows = rowsOf(branchesOf(hops, options.expand ?? false));
  const shown = rows.slice(0, rows.length > mostLines ? Math.max(0, mostLines - 1) : rows.length);
  const lines = drawn(shown, paint, options.now);
  const hidden = rows.slice(shown.length).reduce((sum, { branch }) => sum + branch.hops.length, 0);
  return hidden === 0 ? lines : [...lines, paint("dim", `… and ${counted(hidden, "more hop")}`)];
}

function branchesOf(hops: readonly TreeHop[], expand: boolean): Branch[] {
  const known = new Set(hops.map(({ hopId }) => hopId));
  const parentOf = ({ parentHopId }: TreeHop) => (parentHopId !== null && known.has(parentHopId) ? parentHopId : null);
  const children = Map.groupBy(hops.toSorted(byStart), parentOf);
  const below = ({ hopId }: TreeHop) => children.get(hopId) ?? [];
  const kindOf: (hop: TreeHop) => string | number = expand ? ({ hopId }) => hopId : kindsOf(lookOf, below);
  const grow = (siblings: readonly TreeHop[]): Branch[] =>
    [...Map.groupBy(siblings, kindOf).values()].map((alike) => {
      const branches = grow(alike.flatMap(below));
      return { hops: alike as [TreeHop, ...TreeHop[]], below: branches, total: totalOf(alike, branches) };
    });
  return grow(children.get(null) ?? []);
}

function byStart(left: TreeHop, right: TreeHop): number {
  return left.startedAt - right.startedAt || (left.hopId < right.hopId ? -1 : 1);
}

function lookOf({ callee, skill, status, code, late = false, attempt = 1 }: TreeHop): unknown[] {
  return [callee, skill, status, code, late, attempt];
}

function totalOf(hops: readonly TreeHop[], below: readonly Branch[]): Total {
  const own = hops.map(({ usage, status }) => ({
    hops: usage?.hops ?? (status === "rejected" ? 0 : 1),
    tokens: usage?.tokens ?? 0,
    costMicros: usage?.costMicros ?? 0,
  }));
  return [...own, ...below.map(({ total }) => total)].reduce((sum, one) => ({
    hops: sum.hops + one.hops,
    tokens: sum.tokens + one.tokens,
    costMicros: sum.costMicros + one.costMicros,
  }));
}

function rowsOf(roots: readonly Branch[]): Row[] {
  const rows: Row[] = [];
  const grow = (branches: readonly Branch[], indent: string): void => {
    for (const [place, branch] of branches.entries()) {
      const isLast = place === branches.length - 1;
      rows.push({ indent: `${indent}${isLast ? "└─ " : "├─ "}`, branch });
      grow(branch.below, `${indent}${isLast ? "   " : "│  "}`);
    }
  };
  for (const branch of roots) {
    rows.push({ indent: "", branch });
    grow(branch.below, "");
  }
  return rows;
}

interface Cell {
  readonly text: string;
  readonly style?: Style;
  readonly right?: boolean;
}

/** Cells stand in columns; a note follows the last cell that its row has, so that it begins as far left as it can. */
function drawn(rows: readonly Row[], paint: Paint, now: number | undefined): string[] {
  const table = rows.map((row) => cellsOf(row, now));
  const widths = (table[0] ?? []).map((_, column) =>
    table.reduce((widest, cells) => Math.max(widest, cells[column]?.text.length ?? 0), 0),
  );
  return table.map((cells, place) => {
    const inked = cells
      .slice(0, cells.findLastIndex(({ text }) => text !== "") + 1)
      .flatMap((cell, column) => (widths[column] === 0 ? [] : padded(cell, widths[column] ?? 0, paint)));
    const [hop] = rows[place]?.branch.hops ?? [];
    const note = hop === undefined ? "" : noteOf(hop);
    return [...inked, ...(note === "" ? [] : [paint(statusStyle(hop?.status ?? ""), note)])].join("  ").trimEnd();
  });
}

function padded({ text, style, right }: Cell, width: number, paint: Paint): string {
  const gap = " ".repeat(width - text.length);
  const inked = style === undefined ? text : paint(style, text);
  return right ? gap + inked : inked + gap;
}

function cellsOf({ indent, branch }: Row, now: number | undefined): Cell[] {
  const { hops, below, total } = branch;
  const [hop] = hops;
  const style = statusStyle(hop.status);
  const times = hops.length > 1 ? ` ×${grouped(hops.length)}` : "";
  return [
    { text: `${indent}${nameOf(hop)}${times}` },
    { text: statusText(hop.status), style },
    { text: timeOf(hops, now), right: true },
    { text: below.length > 0 ? counted(total.hops, "hop") : "", right: true },
    { text: total.tokens > 0 ? counted(total.tokens, "token") : "", right: true },
    { text: total.costMicros > 0 ? cost(total.costMicros) : "", right: true },
  ];
}

export function nameOf({ callee, skill }: Pick<TreeHop, "callee" | "skill">): string {
  return visible(skill && skill !== callee ? `${callee}/${skill}` : callee);
}

/** A refused hop never ran, so it has no duration; an open one has none yet. */
function timeOf(hops: readonly TreeHop[], now: number | undefined): string {
  const [{ status }] = hops as [TreeHop];
  if (status === "rejected") return "";
  const isOpen = status === "open";
  if (isOpen && now === undefined) return "…";
  const spans = hops.map(({ startedAt, endedAt }) => Math.max(0, (endedAt ?? now ?? startedAt) - startedAt));
  // By a loop: the arguments of Math.min are not to be thousands.
  const [shortest, longest] = spans.reduce(
    ([low, high], ms) => [Math.min(low, ms), Math.max(high, ms)],
    [spans[0] ?? 0, spans[0] ?? 0],
  );
  return `${between(duration(shortest), duration(longest))}${isOpen ? "…" : ""}`;
}

/** `210–340 ms`, `210 ms – 1.2 s`. */
function between(shortest: string, longest: string): string {
  if (shortest === longest) return longest;
  const [low = "", high = ""] = [shortest, longest].map((text) => /^\S+ (m?s)$/.exec(text)?.[1]);
  return low !== "" && low === high ? `${shortest.slice(0, -low.length - 1)}–${longest}` : `${shortest} – ${longest}`;
}

/** Why a hop ended as it did, and what was unusual about it. */
export function noteOf({ code, detail, path, attempt = 1, late = false }: TreeHop): string {
  const why = code === "cycle_detected" && path !== undefined ? path.join(" → ") : (detail ?? "");
  const notes = [
    code ? `${visible(code)}${why === "" ? "" : `: ${visible(why)}`}` : visible(why),
    attempt > 1 ? `attempt ${attempt}` : "",
    late ? "its result came late" : "",
  ];
  return notes.filter((note) => note !== "").join(", ");
}

/** How long a hop took, for a line of its own. */
export function hopTime({ status, startedAt, endedAt }: TreeHop): string {
  if (status === "rejected" || typeof endedAt !== "number") return "";
  return duration(Math.max(0, endedAt - startedAt));
}
