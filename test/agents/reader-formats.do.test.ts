/** CSV, PDF, bytes of any kind, and the tables of languages, in the runtime that they are for. */
import { describe, expect, test } from "vitest";
import type { Hop } from "../../agents/define.ts";
import { detectLanguage } from "../../agents/language/detect.ts";
import { makeReader, type ReadUrl } from "../../agents/reader/index.ts";
import { ReaderInput, ReaderOutput } from "../../agents/reader/schema.ts";
import { pdfOf } from "../support/pdf.ts";

const HOP = { signal: new AbortController().signal } as Hop;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

async function read(input: object, readUrl: ReadUrl = () => Promise.reject(new Error("no network"))) {
  const { read } = makeReader(readUrl).skills;
  return ReaderOutput.parse(await read?.handler(ReaderInput.parse(input), HOP));
}

test("this is workerd, and the tables of languages are in it", () => {
  expect(navigator.userAgent).toBe("Cloudflare-Workers");
  expect(detectLanguage("The mesh admits, records and bounds every hop.")).toBe("en");
});

describe("a PDF", () => {
  const PAGES = [
    [
      { text: "On Hops", y: 550, size: 20 },
      { text: "The mesh bounds every hop, and re-", y: 500 },
      { text: "cords it in a ledger.", y: 486 },
      { text: "A second paragraph stands here.", y: 450 },
    ],
    [{ text: "The second page goes on.", y: 550 }],
  ];
  const bytes = pdfOf(PAGES);

  test("is read page by page: lines joined, divided words made whole, headings known over pages", async () => {
    expect(await read({ source: "hops.pdf", base64: base64(bytes) })).toEqual({
      source: "hops.pdf",
      type: "pdf",
      title: "On Hops",
      truncated: false,
      passages: [
        {
          text: "The mesh bounds every hop, and records it in a ledger.\n\nA second paragraph stands here.",
          start: 9,
          end: 96,
          line: 3,
          page: 1,
          heading: "On Hops",
        },
        { text: "The second page goes on.", start: 0, end: 24, line: 1, page: 2, heading: "On Hops" },
      ],
    });
  });

  test("is known by its first bytes, whatever its name and type say", async () => {
    const url = "https://x.example/download";
    const page: ReadUrl = () => Promise.resolve({ bytes, contentType: "application/octet-stream", finalUrl: url });
    expect(await read({ source: "x.txt", url }, page)).toMatchObject({ type: "pdf", url, passages: { length: 2 } });
  });

  test("is read up to the limit, and says so", async () => {
    const one = await read({ source: "hops.pdf", base64: base64(bytes), limit: 1 });
    expect(one).toMatchObject({ truncated: true, passages: [{ page: 1 }] });
  });

  test.each([
    ["is damaged", utf8("%PDF-1.7 nothing that a PDF has")],
    ["is damaged", bytes.slice(0, 60)],
    ["has no text", pdfOf([[]])],
    [
      "is locked by a password",
      pdfOf(
        [[]],
        `/ID [<${"0".repeat(32)}> <${"0".repeat(32)}>] /Encrypt << /Filter /Standard /V 1 /R 2 /O <${"ab".repeat(32)}> /U <${"cd".repeat(32)}> /P -4 >>`,
      ),
    ],
  ])("that %s is refused with that sentence (%#)", async (sentence, bad) => {
    await expect(read({ source: "bad.pdf", base64: base64(bad) })).rejects.toMatchObject({
      code: "unsupported_media_type",
      message: expect.stringContaining(`bad.pdf ${sentence}`),
    });
  });

  test("given as text is refused: its bytes are wanted", async () => {
    await expect(read({ source: "a.pdf", text: "%PDF-1.4" })).rejects.toThrow("Give its bytes, as base64");
  });
});

describe("CSV", () => {
  const rows = async (text: string, source = "a.csv") =>
    (await read({ source, text })).passages.map(({ text: shown, line, record }) => [record, line, shown]);

  test("is a passage a record, each value under its column's name", async () => {
    expect(await rows('name,born\r\n\r\n"Lovelace, Ada",1815\r\n"two\r\nlines",\r\n')).toEqual([
      [1, 3, "name: Lovelace, Ada; born: 1815"],
      [2, 4, "name: two lines"],
    ]);
  });

  test("has offsets of its record's lines", async () => {
    const text = "\uFEFFname;born\n\nAda;1815\n";
    const { passages } = await read({ source: "a.csv", text });
    expect(passages.map(({ start, end }) => text.slice(start, end))).toEqual(["Ada;1815"]);
  });

  test.each([
    ["a;b\n1;2", "a: 1; b: 2"],
    ["a\tb\n1\t2", "a: 1; b: 2"],
    ["a|b\n1|2", "a: 1; b: 2"],
    ['"a;x",b\n1,2', "a;x: 1; b: 2"],
  ])("knows its delimiter: %j", async (text, shown) => {
    expect((await rows(text)).map((row) => row[2])).toEqual([shown]);
  });

  test("without names of columns is its values, and ragged records are read", async () => {
    expect(await rows("1,2\n3,4,5")).toEqual([
      [1, 1, "1; 2"],
      [2, 2, "3; 4; 5"],
    ]);
  });

  test.each([
    ['a,b\n"open,1\n', "Quote Not Closed"],
    ['a,b\n"clo"sed,1\n', "line 2"],
  ])("that is broken is refused, with the place: %j", async (text, sentence) => {
    await expect(read({ source: "bad.csv", text })).rejects.toMatchObject({
      code: "unsupported_media_type",
      message: expect.stringContaining(sentence),
    });
  });

  test("is read up to the limit, long records are cut, and nothing blows up", async () => {
    const many = await read({ source: "a.csv", text: `a,b\n${"1,2\n".repeat(200_000)}` });
    expect(many).toMatchObject({ truncated: true, passages: { length: 1_000 } });
    const [long] = (await read({ source: "a.csv", text: `a\n${"😀".repeat(900)}` })).passages;
    expect([long?.text.length, long?.text.isWellFormed()]).toEqual([799, true]);
    expect((await read({ source: "a.csv", text: "" })).passages).toEqual([]);
  });
});

describe("bytes", () => {
  test.each([
    ["text", utf8("Grüße."), "a.txt"],
    ["text", new Uint8Array([0xff, 0xfe, ...[..."Grüße."].flatMap((c) => [c.charCodeAt(0), 0])]), "a.txt"],
    ["markdown", utf8("# Grüße.\n\nGrüße."), "a"],
    ["csv", utf8("a,b\nGrüße.,1"), "a.csv"],
  ])("of %s are decoded (%#)", async (type, bytes, source) => {
    const output = await read({ source, base64: base64(bytes) });
    expect(output.type).toBe(type);
    expect(output.passages[0]?.text).toContain("Grüße.");
  });

  test("are decoded as the server says", async () => {
    const page: ReadUrl = (finalUrl) =>
      Promise.resolve({ bytes: new Uint8Array([0x47, 0xfc]), contentType: "text/plain; charset=iso-8859-1", finalUrl });
    expect((await read({ source: "x", url: "https://x.example/" }, page)).passages[0]?.text).toBe("Gü");
  });

  test.each([
    ["no base64", "!!!", "is none"],
    ["a picture", base64(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13])), "is no text"],
  ])("that are %s are refused", async (_, given, sentence) => {
    await expect(read({ source: "x", base64: given })).rejects.toThrow(sentence);
  });
});
