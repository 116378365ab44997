/** Text for a terminal: what others wrote is made harmless, and colour is somebody else's decision. Pure. */
import { visible } from "./text.ts";

export type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";
/** Styles a text, or leaves it alone where there is no colour. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;

/** Every character shows and none steers, but line ends and tabs keep their meaning. */
export function visibleLines(text: string): string {
  return text.replace(/[^\n\t]+/g, (part) => visible(part));
}
