/** One operation of the API as a row of the table, and its place in the document. */
import * as z from "zod";
import type {
  ZodOpenApiMediaTypeObject,
  ZodOpenApiOperationObject,
  ZodOpenApiParameters,
  ZodOpenApiResponseObject,
} from "zod-openapi";
import type { RejectionCode } from "../../mesh/rejection.ts";
import type { Scope } from "../../mesh/schema.ts";
import { notAcceptable, problemAnswers } from "./problem.ts";
import type { Tag } from "./tags.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

export interface Operation {
  readonly method: Method;
  /** With parameters in braces. */
  readonly path: string;
  readonly id: string;
  readonly tag: Tag;
  /** A few words, without a full stop. */
  readonly summary: string;
  /** Sentences in CommonMark, of which the page shows paragraphs and `code`. */
  readonly description: string;
  /** The scope that a key must have; `open`: nobody is asked who they are. */
  readonly access: Scope | "open";
  readonly params?: ZodOpenApiParameters;
  readonly body?: {
    readonly schema: z.ZodType;
    readonly examples: Readonly<Record<string, unknown>>;
    /** The schema is that of a line: the body is newline-delimited JSON, and each example a list of lines. */
    readonly lines?: true;
  };
  /** Successes by status. */
  readonly answers: Readonly<Record<`${2 | 3}${string}`, ZodOpenApiResponseObject>>;
  /** Codes that it can refuse with, beside those that `access` and `body` bring along. */
  readonly problems: readonly RejectionCode[];
  /** Its answers name the chain that they belong to. */
  readonly chained?: true;
  /** It answers in several media types, and refuses an Accept that takes none of them. */
  readonly negotiated?: true;
}

/** What an operation can be refused with. */
export function codesOf({ access, body, problems }: Operation): RejectionCode[] {
  return [
    ...problems,
    ...(access === "open" ? [] : (["unauthenticated", "token_invalid", "insufficient_scope"] as const)),
    ...(body === undefined ? [] : (["invalid_request", "unsupported_media_type"] as const)),
    // Lines are refused one by one.
    ...(body === undefined || body.lines ? [] : (["payload_too_large"] as const)),
    "internal",
  ];
}

export function operationObject(operation: Operation): ZodOpenApiOperationObject {
  const { id, tag, summary, description, access, params, body, answers, chained = false, negotiated } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    // OpenAPI 3.1 lists what a bearer must be good for, as it does the scopes of OAuth.
    security: access === "open" ? [] : [{ bearer: [access] }],
    ...(params === undefined ? {} : { requestParams: params }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: body.lines === undefined ? { "application/json": media(body) } : lines(body),
          },
        }),
    responses: {
      ...answers,
      ...problemAnswers(codesOf(operation), chained),
      ...(negotiated === undefined ? {} : { "406": notAcceptable }),
    },
  };
}

function media({ schema, examples }: NonNullable<Operation["body"]>): ZodOpenApiMediaTypeObject {
  return { schema, examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])) };
}

const NDJSON = "application/x-ndjson";

/** OpenAPI 3.1 has no word for what each line is: `x-lines` is its schema. */
function lines({ schema, examples }: NonNullable<Operation["body"]>) {
  const texts = Object.entries(examples).map(([name, value]) => [name, { value: linesOf(value as unknown[]) }]);
  return { [NDJSON]: { schema: z.string(), "x-lines": schema, examples: Object.fromEntries(texts) } };
}

/** An answer that is newline-delimited JSON. @param name of the schema of a line */
export function jsonLines(description: string, name: string, example: readonly unknown[]): ZodOpenApiResponseObject {
  const each = { $ref: `#/components/schemas/${name}` };
  return { description, content: { [NDJSON]: { schema: z.string(), "x-lines": each, example: linesOf(example) } } };
}

function linesOf(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

/** A JSON answer. */
export function json(
  description: string,
  schema: z.ZodType,
  more: { headers?: z.ZodObject; example?: unknown } = {},
): ZodOpenApiResponseObject {
  const example = more.example === undefined ? {} : { example: more.example };
  const headers = more.headers === undefined ? {} : { headers: more.headers };
  return { description, content: { "application/json": { schema, ...example } }, ...headers };
}

/**
 * A stream of events. OpenAPI 3.1 has no word for what each brings: `x-events` says which schema its data has, null for any
 * JSON.
 */
export function eventMedia(
  schemas: Readonly<Record<string, string | null>>,
  example: string,
): ZodOpenApiMediaTypeObject & { "x-events": Record<string, { $ref?: string }> } {
  const events = Object.entries(schemas).map(
    ([event, name]) => [event, name === null ? {} : { $ref: `#/components/schemas/${name}` }] as const,
  );
  return { schema: z.string(), example, "x-events": Object.fromEntries(events) };
}

/** The parameters of a schema that checks them, each with what a reader needs to know: one without is a type error. */
export function described<Shape extends Readonly<Record<string, z.ZodType>>>(
  schema: z.ZodObject<Shape>,
  descriptions: Readonly<Record<keyof Shape, string>>,
): z.ZodObject {
  const parts = Object.entries<z.ZodType>(schema.shape);
  const shape = parts.map(([name, part]) => {
    // A default of what is read from text is the number, not the text: it has to be said by hand.
    const standard = part instanceof z.ZodDefault ? { override: { default: part.def.defaultValue } } : {};
    return [name, part.meta({ description: descriptions[name as keyof Shape], ...standard })] as const;
  });
  return z.object(Object.fromEntries(shape));
}

/** A page of a list. */
export function page<T extends z.ZodType>(items: T) {
  return z.strictObject({
    items: z.array(items),
    nextCursor: z.string().optional().meta({ description: "There is more: send it as `cursor`." }),
  });
}
