import { describe, expect, test } from "vitest";
import { readPassages } from "../../../agents/reader/read.ts";
import { MAX_PASSAGES } from "../../../agents/reader/schema.ts";
import { passagesOf, textsOf } from "./sources.ts";

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
