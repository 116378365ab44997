/** Query parameters: checked like bodies, unknown ones included. */
import * as z from "zod";
import { decodeCursor } from "../mesh/cursor.ts";
import { PAGE_CEILING, PAGE_DEFAULT } from "../mesh/limits.ts";
import { schemaRejection } from "./body.ts";
import { Refused } from "./problem.ts";

/** A whole number, as text; described as the number that it is. */
export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .meta({
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern;
        Object.assign(jsonSchema, { type: "integer", minimum: min, maximum: max });
      },
    });

export const Limit = integer(1, PAGE_CEILING).default(PAGE_DEFAULT);

/** What `decodeCursor` takes; cursors of ours are far shorter. */
const CURSOR_CHARS = 512;
const NOT_OURS = "is not a cursor of this list: leave it out to begin again";

/** A cursor whose place fits `place`. */
export const cursorOf = <T extends z.ZodType>(place: T) =>
  z
    .string()
    .min(1, NOT_OURS)
    .max(CURSOR_CHARS, NOT_OURS)
    .transform(decodeCursor)
    .pipe(place.refine((value) => value !== undefined, NOT_OURS))
    .optional();

/** @throws {Refused} invalid_request, naming the parameter */
export function readQuery<T extends z.ZodType>(url: string, schema: T): z.output<T> {
  const parameters = Object.fromEntries(new URL(url).searchParams);
  const parsed = schema.safeParse(parameters);
  if (parsed.success) return parsed.data;
  const rejection = schemaRejection(parsed.error);
  throw new Refused({
    ...rejection,
    detail: `Query parameter ${"detail" in rejection ? rejection.detail : ""}`,
  } as typeof rejection);
}
