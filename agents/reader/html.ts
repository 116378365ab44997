/**
 * HTML → blocks of text as a browser would show it, each character with its place in the source.
 *
 * The tokenizer alone, without htmlparser2's parser: that keeps its open elements in an array that it shifts and
 * searches, which takes quadratic time on deep nesting, and no tree is needed here.
 */
import { Tokenizer } from "htmlparser2";
import { type Block, STRETCH_CHARS, type Stretches } from "./block.ts";
import { BLOCK, HEADING, SEPARATOR, SKIPPED } from "./elements.ts";
import { OpenElements } from "./open-elements.ts";
import { PlacedText } from "./places.ts";

type Callbacks = ConstructorParameters<typeof Tokenizer>[1];

export function* htmlStretches(source: string): Stretches {
  const extractor = new Extractor(source);
  const tokenizer = new Tokenizer({}, extractor);
  for (let at = 0; at < source.length; at += STRETCH_CHARS) {
    tokenizer.write(source.slice(at, at + STRETCH_CHARS));
    yield extractor.take();
  }
  tokenizer.end();
  extractor.breakBlock();
  yield extractor.take();
}

class Extractor implements Callbacks {
  private readonly source: string;
  private readonly elements = new OpenElements();
  private blocks: Block[] = [];
  private text = new PlacedText();
  /** The words of a heading element before its first inner edge: what stands behind in an unclosed one is text. */
  private headingIsOver = false;
  private tag = "";
  private tagIsHidden = false;
  private attribute = "";

  constructor(source: string) {
    this.source = source;
  }

  take(): readonly Block[] {
    const taken = this.blocks;
    this.blocks = [];
    return taken;
  }

  breakBlock(): void {
    const places = this.text;
    const { text } = places;
    if (text.trim() === "") {
      if (text !== "") this.text = new PlacedText();
      return;
    }
    const kind = this.kind();
    if (kind === "heading") this.headingIsOver = true;
    this.blocks.push({ kind, text, places, start: places.startOf(0), end: places.endOf(text.length) });
    this.text = new PlacedText();
  }

  private kind(): Block["kind"] {
    if (this.elements.isIn("title")) return "title";
    if (this.elements.isIn("heading") && !this.headingIsOver) return "heading";
    return this.elements.isIn("preformatted") ? "code" : "text";
  }

  isInForeignContext(): boolean {
    return this.elements.isIn("foreign");
  }

  ontext(start: number, end: number): void {
    if (this.elements.isIn("skipped")) return;
    this.text.add(this.source.slice(start, end), start, this.elements.isIn("preformatted"));
  }

  ontextentity(codePoint: number, end: number): void {
    if (this.elements.isIn("skipped")) return;
    const start = this.source.lastIndexOf("&", end - 1);
    this.text.addEntity(String.fromCodePoint(codePoint), start, end, this.elements.isIn("preformatted"));
  }

  onopentagname(start: number, end: number): void {
    this.tag = this.source.slice(start, end).toLowerCase();
    this.tagIsHidden = false;
  }

  onattribname(start: number, end: number): void {
    this.attribute = this.source.slice(start, end).toLowerCase();
    if (this.attribute === "hidden") this.tagIsHidden = true;
  }

  onattribdata(start: number, end: number): void {
    if (this.attribute === "aria-hidden" && this.source.slice(start, end) === "true") this.tagIsHidden = true;
  }

  onopentagend(): void {
    this.edge(this.tag);
    if (HEADING.has(this.tag)) this.headingIsOver = false;
    this.elements.push(this.tag, this.tagIsHidden);
  }

  onselfclosingtag(): void {
    this.onopentagend();
    // In HTML the slash says nothing: `<div/>` stays open.
    if (this.elements.isIn("foreign")) this.elements.close(this.tag);
  }

  onclosetag(start: number, end: number): void {
    const name = this.source.slice(start, end).toLowerCase();
    this.edge(name);
    this.elements.close(name);
  }

  private edge(name: string): void {
    if (this.elements.isIn("skipped")) return;
    const separator = SEPARATOR[name];
    if (BLOCK.has(name)) this.breakBlock();
    else if (separator !== undefined) this.text.separate(separator);
    else if (SKIPPED.has(name)) this.text.separate(" ");
  }

  onattribentity(): void {}
  onattribend(): void {}
  oncomment(): void {}
  oncdata(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
  onend(): void {}
}
