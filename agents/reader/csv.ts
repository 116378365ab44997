/** CSV → passages, one a record: each value under the name of its column. */

import { HopRejected } from "../define.ts";
import { CsvError, type ParsedRecord, parse } from "./csv-parse.js";
import { characterEnd } from "./cut.ts";
import type { Reading } from "./read.ts";
import { MAX_SOURCE_CHARS, type Passage } from "./schema.ts";

const DELIMITERS = [",", ";", "\t", "|"] as const;

/** The names of columns are looked for in no more than this, and are cut to it: they stand in every passage. */
const NAME_CHARS = 60;

/**
 * `record` counts from 1, the line of names not counted; offsets and `line` are those of the record's lines.
 * @throws {HopRejected} with the line, where a quotation is not closed or closed within a value
 */
export function readCsv(source: string, given: string, limit: number): Reading {
  const text = given.slice(0, MAX_SOURCE_CHARS);
  const records = parsed(source, text, limit + 2);
  const lines = linePlaces(text);
  const [first] = records;
  const names = first && isHeader(first.record) ? first.record : undefined;
  const passages: Passage[] = [];
  let lastLine = 0;
  for (const [index, { record, info }] of records.entries()) {
    const from = lines.nextFilled(lastLine + 1, info.lines);
    lastLine = info.lines;
    if (index === 0 && names !== undefined) continue;
    const shown = shownRecord(record, names);
    if (shown === "") continue;
    const place = { start: lines.startOf(from), end: lines.endOf(info.lines), line: from };
    passages.push({ text: shown, ...place, record: index + (names === undefined ? 1 : 0) });
  }
  const truncated = passages.length > limit || text.length < given.length;
  return { title: undefined, passages: passages.slice(0, limit), truncated };
}

function parsed(source: string, text: string, most: number): readonly ParsedRecord[] {
  try {
    const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, to: most } as const;
    return parse(text, { ...options, delimiter: delimiterOf(text) });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new HopRejected({ code: "unsupported_media_type", detail: `${source} is no CSV: ${error.message}.` });
  }
}

/** The one that the first line has most often, outside of quotations. */
function delimiterOf(text: string): string {
  const line = /^\uFEFF?\s*([^\r\n]*)/.exec(text)?.[1]?.replace(/"[^"]*"/g, "") ?? "";
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ",";
}

/** Names are there, differ, and are no numbers. */
function isHeader(record: readonly string[]): boolean {
  const names = record.map((name) => name.trim());
  return new Set(names).size === names.length && names.every((name) => name !== "" && !/^[\d.,+\-\s%$€]+$/.test(name));
}

function shownRecord(record: readonly string[], names: readonly string[] | undefined): string {
  const shown = record.flatMap((value, column) => {
    const even = value.replace(/\s+/g, " ").trim();
    if (even === "") return [];
    const name = names?.[column]?.replace(/\s+/g, " ").trim().slice(0, NAME_CHARS);
    return [name === undefined ? even : `${name}: ${even}`];
  });
  const whole = shown.join("; ");
  return whole.slice(0, characterEnd(whole));
}

/** Where the lines of a text begin and end, from 1. */
function linePlaces(text: string) {
  const starts = [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), ({ index, 0: end }) => index + end.length)];
  const startOf = (line: number): number => starts[line - 1] ?? text.length;
  const endOf = (line: number): number =>
    startOf(line) + text.slice(startOf(line), startOf(line + 1)).replace(/[\r\n]+$/, "").length;
  return {
    startOf,
    endOf,
    /** Empty lines before a record belong to none. */
    nextFilled(line: number, last: number): number {
      let at = line;
      while (at < last && text.slice(startOf(at), endOf(at)).trim() === "") at += 1;
      return at;
    },
  };
}
