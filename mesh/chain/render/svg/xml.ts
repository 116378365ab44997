/** The border: the only place where text becomes markup. What others wrote gets into a picture through here or not at all. */
import { visible } from "../text.ts";

/** Character data, in an element or in a quoted attribute. What XML can't hold is shown as an escape. */
export function xml(text: string): string {
  return visible(text).replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A length with at most one decimal: a picture of 5,000 hops has many of them. */
export function px(length: number): string {
  return String(Math.round(length * 10) / 10);
}

/** A tooltip, and what a screen reader says. */
export function titleTag(lines: readonly string[]): string {
  return `<title>${lines.map(xml).join("\n")}</title>`;
}
