/** What was typed into fields, and the JSON that it makes. Pure. */
import type { Field } from "./fields.ts";

/** What stands in a field: text as it was typed, or what stands in each field of a group. */
export type Typed = string | { readonly [name: string]: Typed };

export type Made =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly errors: FieldErrors };
/** Sentences by the field's path, as `options.depth`. */
export type FieldErrors = Readonly<Record<string, string>>;

/** Nothing is to be sent for a field that was left empty. */
const NOTHING = Symbol("nothing");

export function initialOf(field: Field): Typed {
  const { initial } = field;
  switch (field.kind) {
    case "group":
      return Object.fromEntries(field.fields.map((one) => [one.name, initialOf(one)]));
    case "text":
      return typeof initial === "string" ? initial : "";
    case "lines":
      return Array.isArray(initial) ? initial.join("\n") : "";
    case "choice": {
      const place = field.options.findIndex((option) => JSON.stringify(option) === JSON.stringify(initial));
      if (place >= 0) return String(place);
      return field.isRequired && field.options.length === 1 ? "0" : "";
    }
    case "boolean":
      return typeof initial === "boolean" ? String(initial) : field.isRequired ? "false" : "";
    case "number":
      return typeof initial === "number" ? String(initial) : "";
    case "json":
      return initial === undefined ? "" : JSON.stringify(initial, null, 2);
    default:
      return field satisfies never;
  }
}

export function madeOf(field: Field, typed: Typed): Made {
  const errors: Record<string, string> = {};
  const value = read(field, typed, "", errors);
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  return { ok: true, value: value === NOTHING ? null : value };
}

/** The path of a field within another's. */
export function pathOf(above: string, name: string): string {
  return above === "" ? name : `${above}.${name}`;
}

function read(field: Field, typed: Typed, path: string, errors: Record<string, string>): unknown {
  if (field.kind === "group") return readGroup(field, typed, path, errors);
  const text = typeof typed === "string" ? typed : "";
  // An empty text is a text, where one is asked for.
  if (field.kind === "text" && field.isRequired) return text;
  if (text.trim() === "") {
    if (field.isRequired && field.kind !== "lines") errors[path] = "This has to be there.";
    return field.isRequired && field.kind === "lines" ? [] : NOTHING;
  }
  return readText(field, text, (error) => {
    errors[path] = error;
    return NOTHING;
  });
}

function readText(field: Exclude<Field, { kind: "group" }>, text: string, wrong: (error: string) => unknown): unknown {
  switch (field.kind) {
    case "text":
      return text;
    case "lines":
      return text.split("\n").filter((line) => line.trim() !== "");
    case "choice":
      return field.options[Number(text)];
    case "boolean":
      return text === "true";
    case "number": {
      const number = Number(text);
      if (!Number.isFinite(number)) return wrong("This has to be a number.");
      if (field.isWhole && !Number.isInteger(number)) return wrong("This has to be a whole number.");
      if (field.min !== undefined && number < field.min) return wrong(`At least ${field.min}.`);
      if (field.max !== undefined && number > field.max) return wrong(`At most ${field.max}.`);
      return number;
    }
    case "json":
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return wrong('This is not JSON. A text stands in quotes: "hello"');
      }
    default:
      return field satisfies never;
  }
}

function readGroup(
  { fields, isRequired }: Extract<Field, { kind: "group" }>,
  typed: Typed,
  path: string,
  errors: Record<string, string>,
): unknown {
  const within = typeof typed === "string" ? {} : typed;
  // A group that may be left out is, when nothing was typed into it.
  if (!isRequired && isEmpty(within)) return NOTHING;
  const entries = fields
    .map((field) => [field.name, read(field, within[field.name] ?? "", pathOf(path, field.name), errors)] as const)
    .filter(([, value]) => value !== NOTHING);
  return Object.fromEntries(entries);
}

function isEmpty(typed: Typed): boolean {
  if (typeof typed === "string") return typed.trim() === "" || typed === "false";
  return Object.values(typed).every(isEmpty);
}
