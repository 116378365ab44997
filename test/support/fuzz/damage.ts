/** Damage to values that were right: of a wrong type, too large, missing, too many, or meant to do harm. */
import fc from "fast-check";

export const HOSTILE = [
  "",
  "\u0000",
  "\ud800",
  "<script>alert(1)</script>",
  "'; DROP TABLE hop; --",
  "\u202egnp.exe",
  "../../etc/passwd",
  "%00%ff%zz",
  "__proto__",
  "constructor",
  "\r\nX-Injected: 1",
  "🧨".repeat(50),
  "x".repeat(5_000),
  "NaN",
  "-0",
  "1e400",
  "{{7*7}}",
];

const wrong = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0.5, 1e300, -1e300, 2 ** 53, 4_294_967_296, [], {}, [[[]]], [null]),
  fc.constantFrom(...HOSTILE),
  fc.jsonValue({ maxDepth: 2 }),
);

type Damage = "replace" | "remove" | "add" | "repeat";

/** `values` with one to three places damaged. */
export function damaged(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const step = fc.record({
    place: fc.nat(1_000),
    damage: fc.constantFrom<Damage>("replace", "replace", "remove", "add", "repeat"),
    value: wrong,
    key: fc.constantFrom("extra", "__proto__x", "", "input", "toString", "\u0000", "name"),
  });
  return fc.tuple(values, fc.array(step, { minLength: 1, maxLength: 3 })).map(([value, steps]) => {
    let whole = structuredClone(value);
    for (const { place, damage, value: by, key } of steps) {
      const places = placesOf(whole);
      whole = changed(whole, places[place % places.length] ?? [], damage, by, key);
    }
    return whole;
  });
}

/** All paths into a JSON value, that of the whole included. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, part]) => placesOf(part, [...path, key]))];
}

function changed(
  value: unknown,
  [first, ...rest]: readonly string[],
  damage: Damage,
  by: unknown,
  key: string,
): unknown {
  if (first === undefined) return changedHere(value, damage, by, key);
  if (Array.isArray(value)) {
    const items = [...(value as unknown[])];
    const place = Number(first);
    if (damage === "remove" && rest.length === 0) items.splice(place, 1);
    else items[place] = changed(items[place], rest, damage, by, key);
    return items;
  }
  const fields = { ...(value as Record<string, unknown>) };
  if (damage === "remove" && rest.length === 0) delete fields[first];
  else fields[first] = changed(fields[first], rest, damage, by, key);
  return fields;
}

function changedHere(value: unknown, damage: Damage, by: unknown, key: string): unknown {
  if (damage === "repeat" && Array.isArray(value))
    return Array.from({ length: 70 }, () => (value as unknown[])[0] ?? by);
  if (damage === "add" && typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { ...value, [key]: by };
  }
  return by;
}

/** Texts that are no JSON, or no JSON that should be read. */
export const BROKEN_BODIES: readonly (string | Uint8Array<ArrayBuffer>)[] = [
  "",
  "{",
  '{"input":1}}',
  "null",
  "[]",
  '"text"',
  "NaN",
  "\ufeff{}",
  "[".repeat(100_000),
  `{"input":${"[".repeat(200)}${"]".repeat(200)}}`,
  '{"input":1,"input":2}',
  '{"__proto__":{"admin":true},"input":1}',
  Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]),
  Uint8Array.from([0x1f, 0x8b, 0x08, 0x00]),
];
