import { Readable } from "node:stream";
import { expect, test } from "vitest";
import * as z from "zod";
import { defineAgent, skill } from "../../../agents/define.ts";
import { readBody, readCall } from "../../../agents/serve/request.ts";

const agent = defineAgent({
  name: "greeter",
  version: "1.0.0",
  description: "",
  skills: {
    greet: skill({
      input: z.object({ name: z.string().trim() }),
      output: z.string(),
      handler: ({ name }) => name,
    }),
    wave: skill({ input: z.unknown(), output: z.unknown(), handler: (input) => input }),
  },
});

test("finds the skill, and gives the handler what its schema makes of the input", () => {
  const read = readCall(agent, '{"input":{"name":" Ada "},"skill":"greet"}');
  expect(read).toMatchObject({ ok: true, value: { skill: "greet", input: { name: "Ada" } } });
});

test("takes the first skill where none is named, or the one of a registration without skills", () => {
  for (const body of ['{"input":{"name":"Ada"}}', '{"input":{"name":"Ada"},"skill":"greeter"}']) {
    expect(readCall(agent, body)).toMatchObject({ ok: true, value: { skill: "greet" } });
  }
});

test("takes null as an input, and not its absence", () => {
  expect(readCall(agent, '{"input":null,"skill":"wave"}')).toMatchObject({ ok: true, value: { input: null } });
  expect(readCall(agent, '{"skill":"wave"}')).toMatchObject({ ok: false, problem: { status: 400 } });
});

test.each(["", "null", "5", "{", '"text"'])("refuses the body %j", (body) => {
  expect(readCall(agent, body)).toMatchObject({ ok: false, problem: { status: 400, code: "invalid_request" } });
});

test.each(["fly", "constructor", "__proto__", 5])("has no skill %j", (name) => {
  const read = readCall(agent, JSON.stringify({ input: 1, skill: name }));
  expect(read).toMatchObject({ ok: false, problem: { status: 404, code: "not_found" } });
});

test("says where an input does not fit", () => {
  const read = readCall(agent, '{"input":{"name":5},"skill":"greet"}');
  expect(read).toMatchObject({
    ok: false,
    problem: { status: 422, code: "invalid_input", errors: [{ pointer: "/name" }] },
  });
  expect(!read.ok && read.problem.detail).toContain("greeter/greet at '/name': ");
});

const body = (bytes: number) => Readable.from([Buffer.alloc(bytes - 1, 120), Buffer.from("y")]) as never;

test("reads a body of 4 MiB, and refuses one of a byte more", async () => {
  const whole = await readBody(body(4 * 2 ** 20));
  expect(whole.ok && whole.value.length).toBe(4 * 2 ** 20);
  expect(await readBody(body(4 * 2 ** 20 + 1))).toMatchObject({ ok: false, problem: { status: 413 } });
});
