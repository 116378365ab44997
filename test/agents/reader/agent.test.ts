import { describe, expect, test } from "vitest";
import type { Hop } from "../../../agents/define.ts";
import { guessType } from "../../../agents/reader/guess.ts";
import { makeReader, type ReadUrl } from "../../../agents/reader/index.ts";
import { ReaderInput, ReaderOutput } from "../../../agents/reader/schema.ts";
import { utf8 } from "./sources.ts";

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
