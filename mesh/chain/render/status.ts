/** How a status looks in text: one character that colour only repeats, the same in every rendering. */
import type { Style } from "./terminal.ts";
import { visible } from "./text.ts";

interface Look {
  readonly glyph: string;
  readonly style: Style;
}

/** Of hops and of chains. */
const LOOKS: Readonly<Record<string, Look>> = {
  open: { glyph: "●", style: "cyan" },
  running: { glyph: "●", style: "cyan" },
  done: { glyph: "✓", style: "green" },
  error: { glyph: "✗", style: "red" },
  failed: { glyph: "✗", style: "red" },
  rejected: { glyph: "⊘", style: "yellow" },
  lost: { glyph: "?", style: "red" },
  cancelled: { glyph: "■", style: "dim" },
  expired: { glyph: "⧗", style: "red" },
};

/** `·` for a status of a later version. */
export function statusGlyph(status: string): string {
  return LOOKS[status]?.glyph ?? "·";
}

/** The status with its sign: colour alone says nothing. */
export function statusText(status: string): string {
  return `${statusGlyph(status)} ${visible(status)}`;
}

export function statusStyle(status: string): Style {
  return LOOKS[status]?.style ?? "dim";
}
