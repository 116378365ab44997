/** What holds for every agent that ships. */
import { describe, expect, test } from "vitest";
import { shippedAgents } from "../../agents/index.ts";
import { registrationOf } from "../../mesh/builtins.ts";
import { schemaErrors } from "../../mesh/hop/schema-check.ts";
import { deskHop } from "../support/desk-hop.ts";

const AGENTS = shippedAgents(() => Promise.reject(new Error("no network")));

describe.each(AGENTS.map((agent) => [agent.name, agent] as const))("%s", (_, agent) => {
  const registered = registrationOf(agent);
  describe.each(Object.entries(agent.skills))("%s", (id, skill) => {
    const schemas = registered.skills.find((one) => one.id === id);

    test("says what it does", () => {
      expect(
        [skill.name ?? "", skill.description ?? "", skill.tags?.join() ?? ""].every((text) => text.length > 2),
      ).toBe(true);
    });

    test("has examples that fit its schema, and are answered as it says", async () => {
      expect(skill.examples?.length).toBeGreaterThan(0);
      for (const example of skill.examples ?? []) {
        expect(schemaErrors(schemas?.inputSchema ?? false, example)).toEqual([]);
        const output = await skill.handler(skill.input.parse(example), deskHop().hop);
        expect(skill.output.safeParse(output).error).toBeUndefined();
        expect(schemaErrors(schemas?.outputSchema ?? false, JSON.parse(JSON.stringify(output)))).toEqual([]);
      }
    });

    test.runIf(agent.name !== "echo")("refuses what is none of its input", () => {
      for (const wrong of [null, {}, [], "text", { question: 1, sources: 2, claims: 3, passages: 4, queries: 5 }]) {
        expect(schemaErrors(schemas?.inputSchema ?? true, wrong)).not.toEqual([]);
      }
    });
  });
});
