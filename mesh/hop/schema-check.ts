/** Checks payloads against the JSON Schemas of a skill, without generating code: Workers allow none. */
import { type Schema, Validator } from "@cfworker/json-schema";
import type { FieldError } from "../rejection.ts";
import type { JsonSchema } from "../schema.ts";

/** Errors that one answer names. */
const ERRORS = 10;

/** Compiled by the schema object itself, so they are forgotten with the agent that has it. */
const validators = new WeakMap<object, Validator>();

/** A schema that accepts everything costs nothing. */
function acceptsAll(schema: JsonSchema): boolean {
  return schema === true || (typeof schema === "object" && Object.keys(schema).every((key) => key === "$schema"));
}

/** What is wrong with `value`, innermost errors first; nothing when it fits. */
export function schemaErrors(schema: JsonSchema, value: unknown): FieldError[] {
  if (acceptsAll(schema)) return [];
  if (typeof schema === "boolean") return [{ pointer: "", detail: "No value is allowed here." }];
  const validator = validators.get(schema) ?? new Validator(schema as Schema, "2020-12", false);
  validators.set(schema, validator);
  const { valid, errors } = validator.validate(value);
  if (valid) return [];
  // The validator lists each enclosing schema as well: the deepest places say what is wrong.
  const deepest = errors.filter(
    ({ instanceLocation }) => !errors.some((other) => other.instanceLocation.startsWith(`${instanceLocation}/`)),
  );
  return deepest
    .slice(0, ERRORS)
    .map(({ instanceLocation, error }) => ({ pointer: instanceLocation.replace(/^#/, ""), detail: error }));
}

/** Why a schema can't be used, or nothing. References must stay within the schema: nothing is fetched. */
export function schemaProblem(schema: JsonSchema): string | undefined {
  if (typeof schema === "boolean") return undefined;
  try {
    new Validator(schema as Schema, "2020-12", false).validate(null);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "it can't be read";
  }
}
