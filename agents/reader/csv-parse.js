/** Stands between csv-parse and the type checker: its declarations bring Node's globals into the Worker's types. */
export { CsvError, parse } from "csv-parse/browser/esm/sync";
