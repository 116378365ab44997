/** Requests made from an operation of the document: right ones, and ones with every kind of fault. */
import fc from "fast-check";
import { BROKEN_BODIES, damaged, HOSTILE } from "./damage.ts";
import type { Document, JsonSchema, Operation, Parameter } from "./document.ts";
import { type Hints, valuesOf } from "./values.ts";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
}

/** What a document can't know: who may ask, and what there is. */
export interface Surroundings extends Hints {
  /** Bearers that are good for something; the first for everything. */
  readonly keys: readonly string[];
  /** Values of a parameter of an operation that are there. */
  readonly known: (operation: Operation, parameter: string) => readonly string[];
}

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"];
const JSON_TYPES = ["application/json", "application/json; charset=utf-8", "application/vnd.test+json"];
const OTHER_TYPES = [
  "text/plain",
  "multipart/form-data; boundary=x",
  "application/jsonx",
  "application/json;",
  "*/*",
  "…",
];

const OTHER_ACCEPTS = ["*/*", "text/html", "image/png", "application/*;q=0.1, */*;q=0", "…;q=x", ""];

export function requestsOf(document: Document, operation: Operation, around: Surroundings): fc.Arbitrary<Request> {
  const usual = <T>(right: fc.Arbitrary<T>, other: fc.Arbitrary<T>, weight = 8) =>
    fc.oneof({ weight, arbitrary: right }, { weight: 1, arbitrary: other });
  return fc
    .record({
      method: usual(fc.constant(operation.method), fc.constantFrom(...METHODS), 24),
      path: pathsOf(document, operation, around),
      query: queriesOf(document, operation, around),
      bearer: fc.oneof(
        { weight: 8, arbitrary: fc.constant(around.keys[0]) },
        { weight: 6, arbitrary: fc.constantFrom(...around.keys) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(undefined, "x", "hop_default_0_0", "eyJ.eyJ.x", `hop_${"z".repeat(2_000)}`),
        },
      ),
      headers: headersOf(document, operation, around),
      type: usual(fc.constantFrom(...typesOf(operation)), fc.constantFrom(...OTHER_TYPES), 12),
      accept: usual(fc.constantFrom(undefined, ...mediaTypesOf(operation)), fc.constantFrom(...OTHER_ACCEPTS), 12),
      body: bodiesOf(document, operation, around),
    })
    .map(({ method, path, query, bearer, headers, type, accept, body }) => {
      const sends = method !== "GET" && body !== undefined;
      return {
        method,
        path: path + query,
        headers: {
          ...headers,
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
          ...(accept === undefined ? {} : { accept: ascii(accept) }),
          ...(sends ? { "content-type": ascii(type) } : {}),
        },
        ...(sends ? { body } : {}),
      };
    });
}

function typesOf({ requestBody }: Operation): readonly string[] {
  const [type] = Object.keys(requestBody?.content ?? {});
  return type === undefined || type === "application/json" ? JSON_TYPES : [type];
}

/** What the operation can answer with, in so far as it says so in place. */
function mediaTypesOf({ responses }: Operation): string[] {
  return Object.values(responses).flatMap((answer) => ("content" in answer ? Object.keys(answer.content ?? {}) : []));
}

function parametersOf({ parameters = [] }: Operation, place: Parameter["in"]): readonly Parameter[] {
  return parameters.filter((parameter) => parameter.in === place);
}

/** Values of one parameter, as text: those there are, those that fit, and those that don't. */
function textsOf(document: Document, operation: Operation, { name, schema }: Parameter, around: Surroundings) {
  const known = around.known(operation, name);
  return fc.oneof(
    ...(known.length === 0 ? [] : [{ weight: 8, arbitrary: fc.constantFrom(...known) }]),
    { weight: 4, arbitrary: valuesOf(document, schema, around).map(String) },
    { weight: 1, arbitrary: fc.constantFrom(...HOSTILE) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  );
}

function pathsOf(document: Document, operation: Operation, around: Surroundings): fc.Arbitrary<string> {
  const texts = parametersOf(operation, "path").map(
    (parameter) => [parameter.name, textsOf(document, operation, parameter, around).filter(isSegment)] as const,
  );
  return fc
    .record(Object.fromEntries(texts))
    .map((values) => operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(values[name] ?? "")));
}

/** What a URL does not take for a step up, or for no segment at all. */
function isSegment(text: string): boolean {
  return !["", ".", ".."].includes(text);
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function queriesOf(document: Document, operation: Operation, around: Surroundings): fc.Arbitrary<string> {
  const all = parametersOf(operation, "query");
  const pairs = all.map((parameter) =>
    textsOf(document, operation, parameter, around).map((text) => `${parameter.name}=${encoded(text)}`),
  );
  const odd = fc.constantFrom("stray=1", "=", "%", "a[b]=c", "__proto__=1", "limit=1&limit=2", "");
  const right = pairs.length === 0 ? fc.constant([]) : fc.array(fc.oneof(...pairs), { maxLength: 3 });
  return fc
    .tuple(right, fc.oneof({ weight: 10, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: odd }))
    .map(([some, more]) => [...some, ...(more === undefined ? [] : [more])])
    .map((parts) => (parts.length === 0 ? "" : `?${parts.join("&")}`));
}

function headersOf(document: Document, operation: Operation, around: Surroundings) {
  const shape = parametersOf(operation, "header").map((parameter) => {
    const texts = textsOf(document, operation, parameter, around).map(ascii);
    return [
      parameter.name,
      fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: texts }),
    ];
  });
  const all = fc.record(Object.fromEntries(shape) as Record<string, fc.Arbitrary<string | undefined>>);
  return all.map((headers) =>
    Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  );
}

/** What a client lets through as the value of a header field. */
function ascii(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 4_000);
}

function bodiesOf(document: Document, { requestBody }: Operation, around: Surroundings): fc.Arbitrary<Request["body"]> {
  const [media] = Object.values(requestBody?.content ?? {});
  const schema: JsonSchema | undefined = media?.["x-lines"] ?? media?.schema;
  const broken = fc.constantFrom(...BROKEN_BODIES);
  if (schema === undefined)
    return fc.oneof({ weight: 10, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: broken });
  const values = valuesOf(document, schema, around);
  const json = (value: unknown) => JSON.stringify(value) ?? "null";
  if (media?.["x-lines"] !== undefined) {
    const line = fc.oneof(values.map(json), damaged(values).map(json), fc.constantFrom("", "{", " ", "\r"));
    return fc.oneof({ weight: 12, arbitrary: fc.array(line, { maxLength: 8 }).map((all) => all.join("\n")) }, broken);
  }
  return fc.oneof(
    { weight: 6, arbitrary: values.map(json) },
    { weight: 6, arbitrary: damaged(values).map(json) },
    { weight: 1, arbitrary: broken },
  );
}
