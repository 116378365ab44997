/** The hops of a call graph → a tree of lines. */

/** What of `GET /v1/chains/{id}/graph?format=json` a tree needs. */
export interface GraphHop {
  readonly hopId: string;
  readonly parentHopId: string | null;
  readonly callee: string;
  readonly skill?: string | null;
  readonly status: string;
  readonly code?: string | null;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt?: number | null;
}

export type Style = "bold" | "dim" | "green" | "red" | "yellow";
export type Paint = (style: Style, text: string) => string;

const plain: Paint = (_style, text) => text;

const STYLES: Readonly<Record<string, Style>> = { done: "green", error: "red", lost: "red", rejected: "yellow" };

interface Row {
  /** The branches and the agent. */
  readonly label: string;
  readonly hop: GraphHop;
}

/** One line a hop: children below their parent, in the order of their start. A hop whose parent is absent is a root. */
export function renderTree(hops: readonly GraphHop[], paint: Paint = plain): string[] {
  const known = new Set(hops.map(({ hopId }) => hopId));
  const children = Map.groupBy(hops.toSorted(byStart), ({ parentHopId }) =>
    parentHopId !== null && known.has(parentHopId) ? parentHopId : null,
  );
  const rows: Row[] = [];
  const grow = (parentHopId: string | null, indent: string): void => {
    const siblings = children.get(parentHopId) ?? [];
    for (const [index, hop] of siblings.entries()) {
      const isLast = index === siblings.length - 1;
      rows.push({ label: `${indent}${isLast ? "└─ " : "├─ "}${nameOf(hop)}`, hop });
      grow(hop.hopId, `${indent}${isLast ? "   " : "│  "}`);
    }
  };
  grow(null, "");
  const labelWidth = widest(rows.map(({ label }) => label));
  const statusWidth = widest(rows.map(({ hop }) => printable(hop.status)));
  const times = rows.map(({ hop }) => duration(hop));
  const timeWidth = widest(times);
  return rows.map(({ label, hop }, index) => {
    const status = printable(hop.status);
    const cells = [
      label.padEnd(labelWidth),
      paint(STYLES[hop.status] ?? "dim", status.padEnd(statusWidth)),
      (times[index] ?? "").padStart(timeWidth),
      hop.code ? paint(STYLES[hop.status] ?? "dim", printable(hop.code)) : "",
    ];
    return cells.join("  ").trimEnd();
  });
}

function byStart(left: GraphHop, right: GraphHop): number {
  return left.startedAt - right.startedAt || (left.hopId < right.hopId ? -1 : 1);
}

function nameOf({ callee, skill }: GraphHop): string {
  return printable(skill && skill !== callee ? `${callee}/${skill}` : callee);
}

/** A refused hop never ran, so it has no duration; an open one has none yet. */
function duration({ status, startedAt, endedAt }: GraphHop): string {
  if (status === "rejected") return "";
  return typeof endedAt === "number" ? `${Math.max(0, Math.round(endedAt - startedAt))} ms` : "…";
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}

/** What agents and servers wrote must not steer the terminal: control characters and overrides of direction show as `?`. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "?");
}
