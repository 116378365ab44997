/** A reader of XML 1.0 that forgives nothing which these documents could get wrong. */

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly parent: string;
  /** Character data directly within it, trimmed; none when there is none. */
  readonly text: string[];
}

/** XML's Char, 2.2: anything else makes a document ill-formed, however it is written. */
const CHARS = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const TOKEN =
  /<!--(?:(?!--)[\s\S])*-->|<\?[\s\S]*?\?>|<!DOCTYPE[^>]*>|<\/([A-Za-z][\w:-]*)\s*>|<([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** @throws {Error} where the document is not well formed */
export function xmlOf(document: string): Element[] {
  if (!CHARS.test(document)) throw new Error("a character that XML does not have");
  const elements: Element[] = [];
  const open: Element[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < document.length) {
    const from = TOKEN.lastIndex;
    const token = TOKEN.exec(document);
    if (token === null) throw new Error(`not XML: ${document.slice(from, from + 80)}`);
    const [, closes, opens, attributes = "", empty, text] = token;
    if (opens !== undefined) {
      if (open.length === 0 && elements.length > 0) throw new Error("a second root");
      const element = { name: opens, attributes: attributesOf(attributes), parent: open.at(-1)?.name ?? "", text: [] };
      elements.push(element);
      if (empty !== "/") open.push(element);
    } else if (closes !== undefined) {
      const last = open.pop();
      if (last?.name !== closes) throw new Error(`</${closes}> closes <${last?.name}>`);
    } else if (text !== undefined) {
      if (text.includes("]]>")) throw new Error("]]> in character data");
      const data = unescaped(text).trim();
      if (data !== "" && open.length === 0) throw new Error("text outside the root");
      if (data !== "") open.at(-1)?.text.push(data);
    }
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  return elements;
}

function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(ATTRIBUTE)) {
    if (attributes.has(name)) throw new Error(`${name} twice`);
    attributes.set(name, unescaped(value));
  }
  return attributes;
}

function unescaped(text: string): string {
  return text.replace(/&([^;]*;?)/g, (_, reference: string) => {
    const code = /^#(?:(\d+)|x([0-9a-fA-F]+));$/.exec(reference);
    const point = code === null ? undefined : code[1] ? Number(code[1]) : Number.parseInt(code[2] ?? "", 16);
    const character = point === undefined ? ENTITIES[reference.replace(";", "")] : String.fromCodePoint(point);
    if (character === undefined || !reference.endsWith(";") || !CHARS.test(character)) throw new Error(`&${reference}`);
    return character;
  });
}
