/** The parts of an OpenAPI document that requests are made from and answers are held to. */
import type { Schema } from "@cfworker/json-schema";

export type JsonSchema = Exclude<Schema, boolean>;

export interface Parameter {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  readonly required?: boolean;
  readonly schema: JsonSchema;
}
export interface Answer {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: JsonSchema }>>;
  readonly content?: Readonly<Record<string, Media>>;
}
interface Media {
  readonly schema: JsonSchema;
  /** Of a stream: the schema of each event's data. */
  readonly "x-events"?: Readonly<Record<string, JsonSchema>>;
  /** Of newline-delimited JSON: the schema of each line. */
  readonly "x-lines"?: JsonSchema;
}
type Referring<T> = T | { readonly $ref: string };
interface OperationObject {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Referring<Answer>>>;
}
export interface Operation extends OperationObject {
  readonly method: string;
  readonly path: string;
}
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly webhooks: Readonly<Record<string, { readonly post: OperationObject }>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, Answer>>;
  };
}

export function operationsOf({ paths }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
}

/** What a reference names. @throws {Error} when the document has no such part */
export function resolved<T extends object>(document: Document, part: Referring<T>): T {
  if (!("$ref" in part) || typeof part.$ref !== "string") return part as T;
  let value: unknown = document;
  for (const key of part.$ref.replace(/^#\//, "").split("/")) value = (value as Record<string, unknown>)?.[key];
  if (value === undefined) throw new Error(`The document has no ${part.$ref}.`);
  return value as T;
}
