import { fromMarkdown } from "mdast-util-from-markdown";
import { micromark } from "micromark";
import { describe, expect, test } from "vitest";
import { flowed, literal } from "../../agents/clerk/escape.ts";
import { renderHtml } from "../../agents/clerk/html.ts";
import { renderMarkdown } from "../../agents/clerk/markdown.ts";
import { linkOf, placeOf } from "../../agents/clerk/place.ts";
import { ClerkInput, type ReportQuote } from "../../agents/clerk/schema.ts";

/** What each text of a report could try. */
const HOSTILE = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "![x](https://evil.example/pixel.png)",
  "[click](javascript:alert(1))",
  "<https://evil.example>",
  "https://evil.example www.evil.example a@evil.example",
  "`code` **bold** _em_ ~~gone~~ | a | b |",
  "&lt;b&gt; &#60;i&#62; &copy;",
  "# heading",
  "- item",
  "1. one",
  "```\ncode\n```",
  "a\n===\nb\n---",
  "| a |\n| --- |\n| b |",
  "> quote",
  "    indented",
  "[1]: https://evil.example 'x'",
  "</blockquote></body><style>*{display:none}</style>",
  '" onmouseover="alert(1)',
  "\\",
  "\u202Egnp.exe\u0000\u0007",
  "\ud800",
];

const report = (text: string): ClerkInput =>
  ClerkInput.parse({
    title: text,
    sections: [
      { heading: text, claims: [{ text, cites: [1] }] },
      { heading: text, claims: [] },
    ],
    quotes: [{ n: 1, text, source: text, heading: text, line: 1 }],
    notes: [text],
  });

/** Every type of node that a Markdown text has. */
function nodes(markdown: string): { type: string; url?: string }[] {
  const all: { type: string; url?: string }[] = [];
  const visit = (node: { type: string; url?: string; children?: unknown }): void => {
    all.push(node);
    if (Array.isArray(node.children)) node.children.forEach(visit);
  };
  visit(fromMarkdown(markdown) as never);
  return all;
}

/** How many there are of each; lines and paragraphs a text may have as many as it likes, and links where it is a path. */
function counts(markdown: string): Record<string, number> {
  const own = new Set(["text", "break", "paragraph", "link"]);
  const types = nodes(markdown)
    .map(({ type }) => type)
    .filter((type) => !own.has(type));
  return Object.fromEntries(types.toSorted().map((type) => [type, types.filter((one) => one === type).length]));
}

describe("nothing that a source says becomes markup", () => {
  test.each(HOSTILE)("in Markdown: %j", (text) => {
    const markdown = renderMarkdown(report(text));
    expect(counts(markdown)).toEqual(counts(renderMarkdown(report("plain words"))));
    const urls = nodes(markdown).flatMap(({ url }) => url ?? []);
    expect(urls.filter((url) => url !== "#quote-1" && !/^(?:\.{0,2}\/|https?:\/\/evil)/.test(url))).toEqual([]);
    expect(markdown.isWellFormed()).toBe(true);
  });

  test.each(HOSTILE)("in HTML: %j", (text) => {
    const html = renderHtml(report(text));
    expect(html.match(/<(?:script|img|iframe|object|base|form|input|link)\b/gi)).toBeNull();
    expect(html.match(/<style>/g)).toHaveLength(1);
    // Within a tag no attribute but ours.
    const tags = html.match(/<[a-z][^<>]*>/gi) ?? [];
    expect(tags.filter((tag) => /\son\w+\s*=/i.test(tag.replace(/"[^"]*"/g, '""')))).toEqual([]);
    expect(html.match(/href="(?!#quote-1"|\.{0,2}\/|https?:\/\/evil)[^"]*"/g)).toBeNull();
    expect(html).not.toMatch(/[[\p{Cc}\u202E]--\n]/v);
    expect(html.isWellFormed()).toBe(true);
  });

  test("nor a link by itself, where bare addresses are links", () => {
    expect(literal("https://x.example www.x.example mailto:a@x.example")).toBe(
      "https\\://x.example www\\.x.example mailto\\:a\\@x.example",
    );
  });

  test("and what it says is read as it was said", () => {
    const shown = micromark(renderMarkdown(report("a_b *c* <d> [e](f) & g|h # i 1. j")));
    expect(shown).toContain("a_b *c* &lt;d&gt; [e](f) &amp; g|h # i 1. j");
  });
});

describe("a report", () => {
  const html = renderHtml(report("plain words"));

  test("has a policy that lets it run and load nothing", () => {
    expect(html).toContain("default-src &#39;none&#39;");
    expect(html).not.toContain("unsafe-eval");
  });

  test("leads from a claim to its quote", () => {
    expect(html).toContain('href="#quote-1"');
    expect(html).toContain('<figure id="quote-1">');
    expect(renderMarkdown(report("plain words"))).toContain("plain words [\\[1\\]](#quote-1)");
    expect(renderMarkdown(report("plain words"))).toContain("### Quote 1");
  });

  test("has headings only where there are several sections, and says where nothing was found", () => {
    const [first] = report("words").sections;
    expect(renderMarkdown({ ...report("words"), sections: first ? [first] : [] })).not.toContain("## words");
    expect(html).toContain("Nothing was found on this.");
  });
});

describe("a quote's place", () => {
  const quote = (more: Partial<ReportQuote>): ReportQuote => ({
    n: 1,
    text: "The first words (of a quote) - and more.",
    source: "a",
    ...more,
  });
  test.each([
    [{ source: "docs/a b.md", line: 7 }, "line 7", "./docs/a%20b.md#L7"],
    [{ source: "../x.pdf", page: 3, line: 9 }, "page 3", "../x.pdf#page=3"],
    [{ source: "t.csv", record: 4, line: 5 }, "record 4, line 5", "./t.csv#L5"],
    [
      { source: "https://x.example/a#old", line: 1 },
      "line 1",
      "https://x.example/a#:~:text=The%20first%20words%20%28of%20a%20quote%29",
    ],
    [{ source: "name", url: "https://u:p@x.example/a.pdf", page: 2 }, "page 2", "https://x.example/a.pdf#page=2"],
    [{ source: "a name" }, "", undefined],
    [{ source: "javascript:alert(1)//." }, "", "./javascript%3Aalert%281%29//."],
    [{ source: "//evil.example/x" }, "", undefined],
    [{ source: "data:text/html,<b>.x" }, "", "./data%3Atext/html%2C%3Cb%3E.x"],
    [{ source: "a.md?x#y" }, "", "./a.md%3Fx%23y"],
  ])("%j", (more, place, link) => {
    expect([placeOf(quote(more)), linkOf(quote(more))]).toEqual([place, link]);
  });
});

test("prose that was broken for its width flows; lists, tables and code keep their lines", () => {
  const long = "These words are about as long as a line of prose is wont to be.";
  expect(flowed(`${long}\nmore\n\nnew`)).toBe(`${long} more\n\nnew`);
  for (const own of [
    `${long}\n- item`,
    `${long}\n| row |`,
    `| ${long} |\nmore`,
    "short\nlines",
    `\`\`\`\n${long}\nmore\n\`\`\``,
  ]) {
    expect(flowed(own)).toBe(own);
  }
});
