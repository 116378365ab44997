/** Mermaid's own parser, in Node. Only its HTML sanitizer wants a document: it works on what has been parsed, when it is drawn. */
import DOMPurify from "dompurify";
import mermaid from "mermaid";

Object.assign(DOMPurify, { addHook: () => undefined, sanitize: (text: string) => text });

/** @throws {Error} with what Mermaid found wrong */
export async function parse(text: string): Promise<{ readonly diagramType: string }> {
  return mermaid.parse(text);
}
