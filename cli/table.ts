/** Rows of cells → aligned columns, two spaces apart. */
import type { Paint, Style } from "../mesh/chain/render/terminal.ts";

export interface Cell {
  readonly text: string;
  readonly style?: Style;
}

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/** The texts are taken as they are: what others wrote is made visible before. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  paint: Paint,
): string[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === "string" ? { text: cell } : cell)));
  const widths = columns.map(({ title }, column) =>
    cells.reduce((widest, row) => Math.max(widest, row[column]?.text.length ?? 0), title.length),
  );
  const line = (row: readonly Cell[]) =>
    columns
      .map(({ right }, column) => {
        const { text, style } = row[column] ?? { text: "" };
        const isLast = column === columns.length - 1;
        const gap = " ".repeat(isLast && !right ? 0 : (widths[column] ?? 0) - text.length);
        const inked = style === undefined || text === "" ? text : paint(style, text);
        return right ? gap + inked : inked + gap;
      })
      .join("  ")
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title, style: "dim" }))), ...cells.map(line)];
}
