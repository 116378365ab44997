/** Holds an answer to the document: status, header fields, media type, body. */
import { type Schema, Validator } from "@cfworker/json-schema";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { type Answer, type Document, type JsonSchema, type Operation, resolved } from "./document.ts";

export interface Given {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What an agent or a full house may do to a call; never what the mesh does to a request. */
const CALLS = new Set(["invokeAgent", "invokeTool"]);
const UPSTREAM = new Set([502, 503, 504, 508]);

export class AnswerCheck {
  readonly #document: Document;
  readonly #validators = new Map<object, Validator>();
  /** Every header field that the document names anywhere: one of these is nowhere by accident. */
  readonly #named: readonly string[];

  constructor(document: Document) {
    this.#document = document;
    const answers = [
      ...Object.values(document.components.responses),
      ...Object.values(document.paths).flatMap((item) =>
        Object.values(item).flatMap((one) => Object.values(one.responses)),
      ),
    ];
    const names = answers.flatMap((answer) => Object.keys(resolved<Answer>(document, answer).headers ?? {}));
    this.#named = [...new Set(names.map((name) => name.toLowerCase()))];
  }

  /** What is wrong with an answer of `operation`, or nothing. `method` is that of the request, the operation's or not. */
  faultOf(operation: Operation, method: string, given: Given): string | undefined {
    if (given.status >= 500 && !(CALLS.has(operation.operationId) && UPSTREAM.has(given.status))) {
      return `a failure of the mesh: ${given.status}`;
    }
    const documented = this.#answersTo(operation, method)[given.status];
    if (documented === undefined) return `status ${given.status} is not documented`;
    const answer = resolved<Answer>(this.#document, documented);
    return this.#headerFault(answer, given.headers) ?? this.#bodyFault(answer, given);
  }

  #answersTo(operation: Operation, method: string): Operation["responses"] {
    const item = this.#document.paths[operation.path]?.[method.toLowerCase()];
    if (item !== undefined) return item.responses;
    // A method that the resource does not have: said once for all resources, after it was asked who is asking.
    const { method_not_allowed: refused } = this.#document.components.responses;
    const { 401: unauthenticated } = operation.responses;
    return { ...(refused && { 405: refused }), ...(unauthenticated && { 401: unauthenticated }) };
  }

  #headerFault({ headers = {} }: Answer, given: Headers): string | undefined {
    const known = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
    const stray = this.#named.find((name) => given.has(name) && !known.has(name));
    if (stray !== undefined) return `header ${stray} is not documented here`;
    for (const [name, { required, schema }] of Object.entries(headers)) {
      const value = given.get(name);
      if (value === null && required) return `header ${name} is missing`;
      const fault = value === null ? undefined : this.#schemaFault(schema, value);
      if (fault !== undefined) return `header ${name}: ${fault}`;
    }
    return undefined;
  }

  #bodyFault({ content }: Answer, { headers, text }: Given): string | undefined {
    if (content === undefined) return text === "" ? undefined : "a body where none is documented";
    const type = headers.get("content-type")?.split(";")[0] ?? "none";
    const media = content[type];
    if (media === undefined) return `media type ${type} is not documented`;
    if (/[/+]json$/.test(type)) return this.#schemaFault(media.schema, JSON.parse(text));
    const each = media["x-lines"];
    if (each !== undefined) {
      const lines = text.split("\n").filter((line) => line !== "");
      return lines.map((line) => this.#schemaFault(each, JSON.parse(line))).find((fault) => fault !== undefined);
    }
    return type === "text/event-stream" ? this.#eventsFault(media["x-events"] ?? {}, text) : undefined;
  }

  #eventsFault(schemas: Readonly<Record<string, JsonSchema>>, text: string): string | undefined {
    const events: EventSourceMessage[] = [];
    createParser({ onEvent: (event) => events.push(event) }).feed(text);
    if (events.length === 0) return "a stream without an event";
    for (const { event = "", data } of events) {
      const schema = schemas[event];
      if (schema === undefined) return `event '${event}' is not documented`;
      const fault = this.#schemaFault(schema, JSON.parse(data));
      if (fault !== undefined) return `event '${event}': ${fault}`;
    }
    return undefined;
  }

  /** What is wrong with a value by a schema of the document, or nothing. */
  faultBy(schema: JsonSchema, value: unknown): string | undefined {
    return this.#schemaFault(schema, value);
  }

  #schemaFault(schema: JsonSchema, value: unknown): string | undefined {
    const validator = this.#validators.get(schema) ?? this.#validatorOf(schema);
    this.#validators.set(schema, validator);
    const { valid, errors } = validator.validate(value);
    return valid ? undefined : JSON.stringify(errors.slice(-3));
  }

  #validatorOf(schema: JsonSchema): Validator {
    const whole = structuredClone({ ...schema, components: this.#document.components }) as Schema;
    return new Validator(whole, "2020-12", false);
  }
}
