/** Descriptions as HTML: paragraphs, `code` and **strong**, which is all of CommonMark that they use. */
import { type Html, html } from "./html.ts";

export function inline(text: string): Html[] {
  const pieces = text.split(/(`[^`]+`|\*\*[^*]+\*\*)/);
  return pieces.map((piece) => {
    if (piece.startsWith("`") && piece.length > 1) return html`<code>${piece.slice(1, -1)}</code>`;
    if (piece.startsWith("**") && piece.length > 3) return html`<strong>${piece.slice(2, -2)}</strong>`;
    return html`${piece}`;
  });
}

export function paragraphs(text: string): Html {
  return html`${text.split(/\n{2,}/).map((one) => html`<p>${inline(one)}</p>\n`)}`;
}

/** A block that is scrolled when it is wider than the page, with the keyboard too. */
export function code(text: string): Html {
  return html`<pre tabindex="0"><code>${text}</code></pre>`;
}

/** Places where a long path or name may break. */
export function breakable(text: string): Html {
  return html`${text.split(/(?<=[/_-])/).map((piece, place) => (place === 0 ? html`${piece}` : html`<wbr>${piece}`))}`;
}
