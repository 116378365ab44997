import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Hop } from "../../agents/define.ts";
import { PASSAGE_CHARS } from "../../agents/reader/cut.ts";
import { guessType } from "../../agents/reader/guess.ts";
import { makeReader, type ReadUrl } from "../../agents/reader/index.ts";
import { type FlowingType, readPassages } from "../../agents/reader/read.ts";
import { MAX_PASSAGES, MAX_SOURCE_CHARS, type Passage, ReaderInput, ReaderOutput } from "../../agents/reader/schema.ts";

async function passagesOf(source: string, type: FlowingType): Promise<readonly Passage[]> {
  return (await readPassages(source, type, MAX_PASSAGES)).passages;
}

function textsOf(passages: readonly Passage[]): string[] {
  return passages.map(({ text }) => text);
}

/** Pieces that the three formats give a meaning, and that break parsers. */
const PIECES = [
  "word ",
  "A sentence. Another one! ",
  "\n",
  "\n\n",
  "\r\n",
  "\r",
  "\t",
  "    ",
  "# Heading\n",
  "Under\n===\n",
  "- item\n",
  "  - inner\n",
  "1. one\n",
  "> quote\n",
  "```\n",
  "---\n",
  "[a]: http://b.example\n",
  "[a](b)",
  "*_`",
  "<p>",
  "</p>",
  "<div hidden>",
  "</div>",
  "<nav>",
  "<h2>",
  "</h2>",
  "<pre>",
  "</pre>",
  "<script>",
  "</script>",
  "<!--",
  "-->",
  "<svg><title>",
  "<title>t",
  "<a href='",
  "&amp;",
  "&NotEqualTilde;",
  "&#xD800;",
  "&nbsp;",
  "&#0",
  "\0",
  "\ud800",
  "\udfff",
  "\ufeff",
  "😀",
  "模型很好。",
  "x".repeat(900),
  "long words here ".repeat(70),
];
const SOURCE = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((pieces) => pieces.join(""));
const utf8 = (text: string) => new TextEncoder().encode(text);
const TYPE = fc.constantFrom<FlowingType>("text", "markdown", "html");

describe("a passage's place", () => {
  test("lies in the source, behind the passage before it, whatever the source", async () => {
    await fc.assert(
      fc.asyncProperty(SOURCE, TYPE, async (source, type) => {
        let before = 0;
        for (const { start, end, text } of await passagesOf(source, type)) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(source.length);
          expect(text).not.toBe("");
          expect(text.length).toBeLessThanOrEqual(PASSAGE_CHARS);
          before = end;
        }
      }),
    );
  });

  test("gives the passage's very text in plain text and Markdown", async () => {
    await fc.assert(
      fc.asyncProperty(SOURCE, fc.constantFrom<FlowingType>("text", "markdown"), async (source, type) => {
        for (const { start, end, text } of await passagesOf(source, type)) expect(source.slice(start, end)).toBe(text);
      }),
    );
  });

  test("names the line that the passage starts on, for each kind of line end", async () => {
    await fc.assert(
      fc.asyncProperty(SOURCE, TYPE, async (source, type) => {
        for (const { start, line } of await passagesOf(source, type)) {
          // An LF that ends in this slice's last CR is not lost: no passage starts between the two.
          expect(line).toBe(source.slice(0, start).split(/\r\n|\r|\n/).length);
        }
      }),
    );
  });

  test("in HTML is that of the same text: read again, source.slice(start, end) shows it", async () => {
    const word = fc.constantFrom("word", "a&amp;b", "&lt;", "é", "&NotEqualTilde;", "two  words", "😀", "&#65;x");
    const inline = fc.oneof(
      word,
      word.map((inner) => `<b>${inner}</b>`),
      word.map((inner) => `<a href="x>y">${inner}</a >`),
      fc.constantFrom("<br>", "<nav>menu</nav>", "<!-- note -->", "\n  ", " ", "<script>if (a < b) {}</script>"),
    );
    const block = fc
      .tuple(fc.constantFrom("p", "div", "li", "td"), fc.array(inline, { minLength: 1, maxLength: 8 }))
      .map(([name, inner]) => `<${name}>${inner.join("")}</${name}>\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(block, { minLength: 1, maxLength: 8 }), async (blocks) => {
        const source = blocks.join("");
        for (const { start, end, text } of await passagesOf(source, "html")) {
          const again = textsOf(await passagesOf(source.slice(start, end), "html"));
          expect(again.join("\n")).toBe(text);
        }
      }),
    );
  });
});

describe("plain text", () => {
  test("loses nothing but white space", async () => {
    await fc.assert(
      fc.asyncProperty(SOURCE, async (source) => {
        const passages = await passagesOf(source, "text");
        let rest = "";
        let at = 0;
        for (const { start, end } of passages) {
          rest += source.slice(at, start);
          at = end;
        }
        expect((rest + source.slice(at)).trim()).toBe("");
      }),
    );
  });

  test.each(["\n", "\r\n", "\r"])(
    "is cut at sentence ends, and a line's end (%j) ends no sentence",
    async (lineEnd) => {
      const sentence = `This sentence goes over the end of${lineEnd}a line before it ends.`;
      const passages = await passagesOf(Array(40).fill(sentence).join(" "), "text");
      expect(passages.length).toBeGreaterThan(2);
      for (const { text } of passages) expect(text.endsWith("ends.")).toBe(true);
    },
  );

  test("without a sentence's end is cut at a line's end, without one at a space", async () => {
    for (const text of textsOf(await passagesOf("some words of a log\n".repeat(200), "text"))) {
      expect(text).toMatch(/^some.*log$/s);
    }
    for (const text of textsOf(await passagesOf("word ".repeat(1_000), "text"))) expect(text).toMatch(/^word.*word$/);
  });

  test("puts small paragraphs together and leaves large ones alone", async () => {
    const large = "Large paragraph. ".repeat(20).trim();
    expect(textsOf(await passagesOf(`One.\n\nTwo.\n\nThree.`, "text"))).toEqual(["One.\n\nTwo.\n\nThree."]);
    expect(textsOf(await passagesOf(`${large}\n\n${large}`, "text"))).toEqual([large, large]);
    expect(textsOf(await passagesOf(`${large}\n\nSmall.`, "text"))).toEqual([`${large}\n\nSmall.`]);
    expect(textsOf(await passagesOf(`Small.\n\n${large}`, "text"))).toEqual([`Small.\n\n${large}`]);
  });

  test("is never cut inside of a character", async () => {
    for (const source of ["😀".repeat(2_000), `x${"😀".repeat(2_000)}`]) {
      for (const type of ["text", "markdown", "html"] as const) {
        for (const text of textsOf(await passagesOf(source, type))) expect(text.isWellFormed()).toBe(true);
      }
    }
  });

  test("of nothing but line ends has no passage, megabytes of them included", async () => {
    expect(await passagesOf("\n".repeat(4 * 1024 * 1024), "text")).toEqual([]);
  });
});

describe("Markdown", () => {
  test("passages know the heading that they stand under, and are not put together over one", async () => {
    const source = "Before.\n\n# The **hop** `token`\n\nFirst.\n\nUnder\n=====\n\n- one\n- two\n";
    const passages = await passagesOf(source, "markdown");
    expect(passages.map(({ text, heading, line }) => ({ text, heading, line }))).toEqual([
      { text: "Before.", heading: undefined, line: 1 },
      { text: "First.", heading: "The hop token", line: 5 },
      { text: "- one\n- two", heading: "Under", line: 10 },
    ]);
  });

  test("a heading with nothing under it is a passage: no word is lost", async () => {
    expect(textsOf(await passagesOf("# Title\n\n## Section\n\nText.\n\n## End", "markdown"))).toEqual([
      "# Title",
      "Text.",
      "## End",
    ]);
  });

  test("front matter, link definitions, comments and logos are no text; a fence is", async () => {
    const source =
      "---\ntitle: x\n---\n<p align=center><img src=logo.png></p>\n\n<!-- hidden -->\n\n```ts\nconst a = 1;\n```\n\n[a]: http://b.example\n";
    expect(textsOf(await passagesOf(source, "markdown"))).toEqual(["```ts\nconst a = 1;\n```"]);
  });

  test("text between two rules at the start is no front matter", async () => {
    expect(textsOf(await passagesOf("---\n\nKept.\n\n---\n\nToo.\n", "markdown")).join()).toContain("Kept.");
  });

  test("a byte order mark moves no offset", async () => {
    const [passage] = await passagesOf("\ufeffFirst.", "markdown");
    expect(passage).toMatchObject({ text: "First.", start: 1, end: 7, line: 1 });
  });

  test.each(["\n", "\r\n", "\r"])("is read as a whole however long it is, with line ends %j", async (lineEnd) => {
    const sections = Array.from({ length: 300 }, (_, n) =>
      [
        `## Section ${n}\n`,
        `Text of section-${n}. ${"More words. ".repeat(n % 20)}\n`,
        `\`\`\`sh\n# no heading, code of section-${n}\n${"run it\n".repeat(n === 150 ? 2_500 : n % 30)}\`\`\`\n`,
        `- item of section-${n}\n\n  more of section-${n}\n- last of section-${n}\n`,
        `> quote of section-${n}\n`,
      ].join("\n"),
    );
    const source = sections.join("\n").replaceAll("\n", lineEnd);
    expect(source.length).toBeGreaterThan(64 * 1024);
    const passages = await passagesOf(source, "markdown");
    let mentions = 0;
    for (const { text, heading } of passages) {
      for (const [, n] of text.matchAll(/section-(\d+)/g)) {
        mentions += 1;
        expect(heading).toBe(`Section ${n}`);
      }
    }
    expect(mentions).toBe(300 * 6);
  });

  test.each(["- item\n", `- item ${"of many words ".repeat(20)}\n`, "> item\n"])(
    "of a single block that is too long for the parser is read in parts: each item once (%#)",
    async (item) => {
      const count = Math.ceil(100_000 / item.length);
      const { passages, truncated } = await readPassages(item.repeat(count), "markdown", MAX_PASSAGES);
      expect(truncated).toBe(false);
      expect(passages.reduce((sum, { text }) => sum + text.split("item").length - 1, 0)).toBe(count);
    },
  );
});

describe("HTML", () => {
  test("shows what a browser shows, and nothing that is for machines or hidden", async () => {
    const source = `<!doctype html><html><head><title>The &amp; title</title><style>p { color: red }</style></head><body>
      <nav><a href="/">Home</a></nav><h1>Main <i>heading</i></h1><script>let a = "<p>no</p>";</script>
      <p>First&nbsp;part, <br> second <b>par</b>t.</p><p hidden>Secret.</p><span aria-hidden="true">#</span>
      <svg><title>Icon</title></svg><table><tr><th>Name</th><td>Value</td></tr></table></body></html>`;
    const reading = await readPassages(source, "html", MAX_PASSAGES);
    expect(reading.title).toBe("The & title");
    expect(reading.passages).toEqual([
      expect.objectContaining({ text: "First\u00a0part,\nsecond part.\nName Value", heading: "Main heading", line: 3 }),
    ]);
  });

  test("puts no words together that stand apart", async () => {
    expect(textsOf(await passagesOf("<p>one<nav>menu</nav>two<p>a<button>press</button>b<td>c", "html"))).toEqual([
      "one\ntwo\na b c",
    ]);
  });

  test("keeps white space where it counts", async () => {
    expect(await passagesOf("<pre>\n  a\n  b\n</pre>", "html")).toMatchObject([{ text: "a\n  b", start: 8, end: 13 }]);
  });

  test("an entity of white space is white space", async () => {
    expect(textsOf(await passagesOf("<p>a&#32;&#10; b<pre>a&#10;  b</pre>", "html"))).toEqual(["a b\na\n  b"]);
  });

  test("a forgotten end tag hides no more than its parent", async () => {
    expect(textsOf(await passagesOf("<div><nav>menu</div><p>Text.", "html"))).toEqual(["Text."]);
    expect(textsOf(await passagesOf("<p>One<svg/> two<svg><path/></svg> three", "html"))).toEqual(["One two three"]);
  });

  test("tags that do not match close what a browser closes", async () => {
    expect(textsOf(await passagesOf("<nav><b>menu</nav>Text.", "html"))).toEqual(["Text."]);
    expect(textsOf(await passagesOf("<nav>menu</i> more</nav>Text.", "html"))).toEqual(["Text."]);
    expect(textsOf(await passagesOf("<p>One <input hidden>two", "html"))).toEqual(["One two"]);
  });

  test("a heading ends with its first block, and the next one takes its place", async () => {
    const passages = await passagesOf("<h1>One<p>Text.<p>More.</p></h1><h2><div>Two</div></h2>Last.", "html");
    expect(passages).toMatchObject([
      { text: "Text.\nMore.", heading: "One" },
      { text: "Last.", heading: "Two" },
    ]);
  });

  test("a place is right across the edges of what the tokenizer is given at once", async () => {
    const source = `<p>${"word &amp; <b>bold</b> ".repeat(9_000)}</p>`;
    for (const { text, start, end } of await passagesOf(source, "html")) {
      const shown = source
        .slice(start, end)
        .replace(/<\/?b>/g, "")
        .replaceAll("&amp;", "&");
      expect(shown).toBe(text);
    }
  });
});

describe("a hostile source", () => {
  const SIZE = 400_000;
  const fill = (piece: string): string => piece.repeat(Math.ceil(SIZE / piece.length));
  test.each([
    ["html", `${"<div>".repeat(10_000)}deep${"</div>".repeat(10_000)}`],
    ["html", fill("<b>")],
    ["html", fill("<b></i>")],
    ["html", `${fill("<i>")}${fill("</b>")}`],
    ["html", fill("<p>a")],
    ["html", fill("<svg><foreignObject>")],
    ["html", fill("<form>")],
    ["html", fill("<!--")],
    ["html", fill("<a href='")],
    ["html", fill("&amp")],
    ["html", fill("&")],
    ["html", fill("\0\ud800&#xD800;&#0;")],
    ["markdown", fill("*_")],
    ["markdown", fill("[a][a]")],
    ["markdown", fill(">")],
    ["markdown", fill("> ")],
    ["markdown", fill("* - ")],
    ["markdown", fill("1. ")],
    ["markdown", fill("a\n===\n")],
    ["markdown", fill("<!-- -->")],
    ["markdown", fill("---\n")],
    ["markdown", fill("\ufeff")],
    ["text", fill("a")],
    ["text", fill("a. ")],
    ["text", fill(" ")],
    ["text", fill("\r")],
  ] as const)("as %s does not blow up (%#)", { timeout: 10_000 }, async (type, source) => {
    await expect(readPassages(source, type, MAX_PASSAGES)).resolves.toBeDefined();
    expect(guessType(source, { names: [] })).toBeDefined();
  });

  test("lets others run: no stretch is long", async () => {
    let pauses = 0;
    await readPassages(fill("word word\n\n").repeat(3), "html", MAX_PASSAGES, () => {
      pauses += 1;
    });
    expect(pauses).toBeGreaterThan(10);
  });
});

describe("the limit", () => {
  const source = "Paragraph that is long enough to stand by itself. ".repeat(6).concat("\n\n").repeat(10);

  test("bounds the passages, and says that something is left", async () => {
    expect(await readPassages(source, "text", 9)).toMatchObject({ truncated: true, passages: { length: 9 } });
    expect(await readPassages(source, "text", 10)).toMatchObject({ truncated: false, passages: { length: 10 } });
  });

  test("bounds the source, and says that something is left", async () => {
    expect((await readPassages(" ".repeat(MAX_SOURCE_CHARS), "text", 1)).truncated).toBe(false);
    expect((await readPassages(" ".repeat(MAX_SOURCE_CHARS + 1), "text", 1)).truncated).toBe(true);
  });
});

describe("the type of a source", () => {
  test.each([
    ["html", "", { names: ["page.HTML?x=1"] }],
    ["markdown", "", { names: ["docs/README.md#top"] }],
    ["text", "# no heading", { names: ["notes.txt"] }],
    ["html", "# x", { names: ["a.md"], contentType: "text/html; charset=utf-8" }],
    ["markdown", "x", { names: ["https://x.example/README.md"], contentType: "text/plain" }],
    ["html", "<!-- c -->\n<!DOCTYPE html>", { names: ["x"] }],
    ["html", "a <p>b</p> <p>c</p>", { names: ["x"] }],
    ["markdown", '<p align="center">\n</p>\n\n# Title', { names: ["x"] }],
    ["markdown", "See [this](http://x.example).", { names: ["x"] }],
    ["text", "Plain words, 1 < 2.", { names: ["x"] }],
  ] as const)("is %s for %j with %j", (type, text, hints) => {
    expect(guessType(text, hints)).toBe(type);
  });
});

describe("the agent", () => {
  const hop = { signal: new AbortController().signal } as Hop;
  const read = async (input: unknown, readUrl: ReadUrl = () => Promise.reject(new Error("no network")), at = hop) => {
    const { read } = makeReader(readUrl).skills;
    return ReaderOutput.parse(await read?.handler(ReaderInput.parse(input), at));
  };

  test.each([
    [{ source: "x" }, "Give text, url or base64"],
    [{ source: "x", text: "a", url: "http://x.example/" }, "not several"],
    [{ source: "x", url: "file:///etc/passwd" }, "http or https"],
    [{ source: "x", url: "javascript:alert(1)" }, "http or https"],
  ])("refuses %j and says what would be right", (input, sentence) => {
    const { error } = ReaderInput.safeParse(input);
    expect(error?.issues.map(({ message }) => message).join()).toContain(sentence);
  });

  test("takes the empty text for a text", async () => {
    expect(await read({ source: "x", text: "" })).toMatchObject({ passages: [], truncated: false });
  });

  test("reads a URL through what it was given, under the hop's signal", async () => {
    const asked: unknown[] = [];
    const output = await read({ source: "x", url: "https://x.example/" }, (url, signal) => {
      asked.push([url, signal]);
      return Promise.resolve({ bytes: utf8("<p>Hi"), contentType: "text/html", finalUrl: "https://x.example/en" });
    });
    expect(asked).toEqual([["https://x.example/", hop.signal]]);
    expect(output).toMatchObject({ url: "https://x.example/en", type: "html", passages: [{ text: "Hi" }] });
  });

  test("guesses a type by where the URL led, and takes the caller's word over any guess", async () => {
    const page: ReadUrl = () =>
      Promise.resolve({ bytes: utf8("a"), contentType: "text/plain", finalUrl: "https://x.example/a.md" });
    expect(await read({ source: "x", url: "https://x.example/" }, page)).toMatchObject({ type: "markdown" });
    expect(await read({ source: "x.md", text: "# a", type: "text" })).toMatchObject({
      type: "text",
      passages: [{ text: "# a" }],
    });
  });

  test("refuses what is no text, unless the caller knows better", async () => {
    const picture: ReadUrl = (url) => Promise.resolve({ bytes: utf8("GIF"), contentType: "image/gif", finalUrl: url });
    const url = "https://x.example/a";
    await expect(read({ source: "x", url }, picture)).rejects.toMatchObject({ code: "unsupported_media_type" });
    await expect(read({ source: "x", url, type: "text" }, picture)).resolves.toMatchObject({ type: "text" });
  });

  test("stops when its hop is aborted", async () => {
    const aborted = { signal: AbortSignal.abort(new Error("cancelled")) } as Hop;
    await expect(read({ source: "x", text: "a" }, undefined, aborted)).rejects.toThrow("cancelled");
  });
});
