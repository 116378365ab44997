/** Lines of a body, however its pieces fall. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { linesIn } from "../../src/ndjson.ts";

const MAX = 12;

/** A body in pieces of these sizes, again and again. */
function bodyOf(text: string, sizes: readonly number[]): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  let piece = 0;
  return new ReadableStream({
    pull(out) {
      if (at >= bytes.byteLength) return out.close();
      const size = sizes[piece++ % sizes.length] ?? 1;
      out.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

async function linesOf(text: string, sizes: readonly number[]): Promise<[number, string | undefined][]> {
  const lines: [number, string | undefined][] = [];
  for await (const { number, bytes } of linesIn(bodyOf(text, sizes), MAX, () => undefined)) {
    lines.push([number, bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)]);
  }
  return lines;
}

describe("lines of a body", () => {
  test("are the same however it is cut into pieces", async () => {
    const texts = fc.array(fc.constantFrom("a", "\n", "é", " ", "\r", "𝄞", "bcd"), { maxLength: 60 });
    const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(texts, pieces, async (parts, sizes) => {
        const text = parts.join("");
        const expected = text.split("\n").flatMap((line, place): [number, string | undefined][] => {
          if (/^[ \t\r]*$/.test(line) && line.length <= MAX) return [];
          return [[place + 1, new TextEncoder().encode(line).byteLength > MAX ? undefined : line]];
        });
        expect(await linesOf(text, sizes)).toEqual(expected);
      }),
    );
  });

  test("that are too long are dropped, and the next one is whole", async () => {
    expect(await linesOf(`${"x".repeat(MAX + 1)}\n${"y".repeat(MAX)}`, [3])).toEqual([
      [1, undefined],
      [2, "y".repeat(MAX)],
    ]);
  });

  test("are counted where they are blank", async () => {
    expect(await linesOf("\n \r\n a\n\n", [2])).toEqual([[3, " a"]]);
  });

  test("what has come is told as it comes", async () => {
    let bytes = 0;
    for await (const _ of linesIn(bodyOf("a\nbb\n", [2]), MAX, (more) => (bytes += more)));
    expect(bytes).toBe(5);
  });
});
