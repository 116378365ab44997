/** What is made of the MCP client's errors. */
import { expect, test } from "vitest";
import * as z from "zod";
import { errorWords, withoutPrefix } from "../../../mesh/federation/error-words.ts";

test("a schema's issues become one sentence, and anything else one line", () => {
  const { error } = z.object({ tools: z.array(z.object({ name: z.string() })) }).safeParse({ tools: [{ name: 7 }] });
  expect(errorWords(error)).toBe(
    "its answer is not one of MCP at 'tools.0.name': Invalid input: expected string, received number",
  );
  expect(errorWords(new Error(`Invalid result for tools/list: ${error?.message}`))).toContain("at 'tools.0.name'");
  expect(errorWords(z.string().safeParse(1).error)).toBe(
    "its answer is not one of MCP: Invalid input: expected string, received number",
  );
  expect(errorWords(new Error("two\n  lines"))).toBe("two lines");
  expect(errorWords('said [{"as": "it"}] was')).toBe('said [{"as": "it"}] was');
});

test("what SDKs put before their words is left out, however often", () => {
  const message = "MCP error -32603: MCP error -32601: Method not found";
  expect(withoutPrefix(message)).toBe("Method not found");
  expect(errorWords(new Error("Version negotiation probe failed: Network connection lost."))).toBe(
    "the connection failed: nothing listens there, or it was broken off",
  );
  expect(withoutPrefix("An MCP error -1: stays")).toBe("An MCP error -1: stays");
});
