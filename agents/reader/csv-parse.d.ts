/** The part of csv-parse that the reader uses. */

export interface Options {
  readonly bom: boolean;
  readonly delimiter: string;
  /** Gives each record with the line that it ends on. */
  readonly info: true;
  readonly relax_column_count: boolean;
  readonly skip_empty_lines: boolean;
  /** Stops behind this many records. */
  readonly to: number;
}

export interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

export function parse(text: string, options: Options): readonly ParsedRecord[];

export class CsvError extends Error {
  readonly code: string;
}
