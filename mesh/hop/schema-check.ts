/** Checks payloads against the JSON Schemas of a skill, without generating code: Workers allow none. */
import { dereference, type Schema, Validator } from "@cfworker/json-schema";
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
  const validator = validators.get(schema) ?? new Validator(copyOf(schema), "2020-12", false);
  validators.set(schema, validator);
  const { valid, errors } = validator.validate(value);
  if (valid) return [];
  // The validator lists each enclosing schema as well: the deepest places say what is wrong, and at one place the
  // innermost schema, which comes last.
  const deepest = errors.filter(
    ({ instanceLocation }) => !errors.some((other) => other.instanceLocation.startsWith(`${instanceLocation}/`)),
  );
  const innermost = new Map(deepest.map(({ instanceLocation, error }) => [instanceLocation, error]));
  return [...innermost].slice(0, ERRORS).map(([place, detail]) => ({ pointer: place.replace(/^#/, ""), detail }));
}

/** The validator writes into the schema that it is given. */
function copyOf(schema: object): Schema {
  return structuredClone(schema) as Schema;
}

/** Why a schema can't be used, or nothing. References must stay within the schema: nothing is fetched. */
export function schemaProblem(schema: JsonSchema): string | undefined {
  if (typeof schema === "boolean") return undefined;
  try {
    const parts = dereference(copyOf(schema));
    for (const part of Object.values(parts)) {
      if (typeof part === "boolean") continue;
      const reference = part.__absolute_ref__;
      if (reference !== undefined && parts[reference] === undefined) return `it has no '${part.$ref}'`;
      for (const pattern of [part.pattern, ...Object.keys(part.patternProperties ?? {})]) {
        if (pattern !== undefined) new RegExp(pattern, "u");
      }
    }
    return Object.values(parts).some((part) => comesBack(part, parts, new Set()))
      ? "it refers to itself without end"
      : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "it can't be read";
  }
}

/** Whether a schema applies itself to the same value again, by references and combinations alone. */
function comesBack(
  part: Schema | boolean,
  parts: Record<string, Schema | boolean>,
  above: ReadonlySet<unknown>,
): boolean {
  if (typeof part === "boolean") return false;
  if (above.has(part)) return true;
  const { allOf = [], anyOf = [], oneOf = [], not, if: when, then, else: otherwise, dependentSchemas = {} } = part;
  const target = part.__absolute_ref__ === undefined ? undefined : parts[part.__absolute_ref__];
  const applied = [
    ...allOf,
    ...anyOf,
    ...oneOf,
    ...Object.values(dependentSchemas),
    not,
    when,
    then,
    otherwise,
    target,
  ];
  const path = new Set([...above, part]);
  return applied.some((next) => next !== undefined && comesBack(next as Schema | boolean, parts, path));
}
