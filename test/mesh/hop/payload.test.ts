import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesOf, carried, weigh } from "../../../mesh/hop/payload.ts";

const digestOf = async (value: unknown) => weigh(value).digest;

/** The same value with the keys of all its objects turned round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

it("the digest does not depend on the order of keys, at any depth", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      expect(await digestOf(reversed(value))).toBe(await digestOf(value));
    }),
  );
});

it("the digest of different values differs", async () => {
  const values = [
    null,
    0,
    1,
    "1",
    "",
    [],
    {},
    [1],
    [[1]],
    { a: 1 },
    { a: "1" },
    { b: 1 },
    { a: [1] },
    [1, 2],
    [2, 1],
    true,
    false,
  ];
  const digests = await Promise.all(values.map(digestOf));
  expect(new Set(digests).size).toBe(values.length);
});

it("the digest is the SHA-256 of canonical JSON (RFC 8785), hex", async () => {
  const sha256 = async (text: string) => {
    const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  expect(await digestOf({ b: [1, 1e21], a: "€" })).toBe(await sha256('{"a":"€","b":[1,1e+21]}'));
  expect(await digestOf("text")).toBe(await sha256('"text"'));
  expect(await digestOf(undefined)).toBe(await sha256("null"));
});

it("NUL and lone surrogates are measured as they are sent, and come through", async () => {
  const value = { "\u0000": "\ud800", list: ["\udfff\u0000"] };
  const { json, bytes } = weigh(value);
  expect(JSON.parse(json)).toEqual(value);
  expect(bytes).toBe(new TextEncoder().encode(json).byteLength);
  expect(await digestOf(value)).toMatch(/^[0-9a-f]{64}$/);
  expect(await digestOf(value)).not.toBe(await digestOf({ ...value, list: ["\udffe\u0000"] }));
});

it("the digest does not depend on the order of keys beside a lone surrogate either", async () => {
  expect(await digestOf({ a: "\ud800", b: 1 })).toBe(await digestOf({ b: 1, a: "\ud800" }));
});

it("what has no value has no part in the digest, as in JSON", async () => {
  const value = { b: undefined, a: [undefined, { c: undefined }] };
  expect(await digestOf(value)).toBe(await digestOf(JSON.parse(JSON.stringify(value))));
  expect(weigh(value)).toMatchObject({ json: '{"a":[null,{}]}', bytes: 15 });
});

it("bytes are those of UTF-8", () => {
  expect(bytesOf("é€😀")).toBe(2 + 3 + 4);
  expect(weigh("é€😀")).toMatchObject({ json: '"é€😀"', bytes: 2 + 2 + 3 + 4 });
  expect(weigh({ z: "é", a: 1 })).toMatchObject({ json: '{"z":"é","a":1}', bytes: 16 });
  expect(weigh(undefined)).toMatchObject({ json: "null", bytes: 4 });
});

it("what is carried is a copy, with the JSON that it came as", () => {
  const given = { b: [1, { a: undefined }], at: new Date(0) };
  expect(carried(given)).toEqual({
    value: { b: [1, {}], at: "1970-01-01T00:00:00.000Z" },
    json: '{"b":[1,{}],"at":"1970-01-01T00:00:00.000Z"}',
  });
  expect(carried(undefined)).toEqual({ value: null, json: "null" });
  const list = [{}];
  expect((carried(list).value as unknown[])[0]).not.toBe(list[0]);
});

it.each([
  { levels: 128, carries: true },
  { levels: 129, carries: false },
])("a value of $levels levels is carried: $carries", ({ levels, carries }) => {
  let value: unknown = [];
  for (let level = 1; level < levels; level++) value = [value];
  const carry = () => carried(value);
  if (carries) expect(carry().json).toHaveLength(2 * levels);
  else expect(carry).toThrow("128 levels");
});

it("a weight takes the JSON that it is given", () => {
  expect(weigh({ a: 1 }, '{"a":1}')).toEqual(weigh({ a: 1 }));
});
