/** The parts of the document that the page reads, with references followed. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
}
export interface Media {
  readonly schema?: JsonSchema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
  /** Of a stream: what each event's data is. */
  readonly "x-events"?: Readonly<Record<string, JsonSchema>>;
  /** Of newline-delimited JSON: what each line is. */
  readonly "x-lines"?: JsonSchema;
}
type Content = Readonly<Record<string, Media>>;
export interface Parameter {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: unknown;
  readonly schema: JsonSchema;
}
export interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly description?: string }>>;
  readonly content?: Content;
}
type Referring<T> = T | { readonly $ref: string };
export interface OperationObject {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** Of an operation; a webhook has none. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Referring<Answer>>>;
}
export interface Model {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly webhooks?: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, Answer>>;
  };
}

export interface Operation extends OperationObject {
  readonly method: string;
  readonly path: string;
}

/** The document is ours, and a test holds it to the schema of OpenAPI: what is read of it here is there. */
export function modelOf(document: object): Model {
  return document as Model;
}

export function operationsOf({ paths }: Model, tag: string): Operation[] {
  return listed(paths).filter((operation) => operation.tags?.[0] === tag);
}

/** What the mesh sends to others, under names in place of paths. */
export function webhooksOf({ webhooks = {} }: Model): Operation[] {
  return listed(webhooks);
}

function listed(items: Model["paths"]): Operation[] {
  return Object.entries(items).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
}

export function answerOf({ components }: Model, answer: Referring<Answer>): Answer {
  if (!("$ref" in answer)) return answer;
  return components.responses[nameOf(answer.$ref)] ?? { description: "" };
}

/** The last part of a reference. */
export function nameOf(reference: string): string {
  return reference.split("/").at(-1) ?? reference;
}
