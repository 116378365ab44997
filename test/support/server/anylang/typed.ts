/** An agent with a skill for each promise of docs/protocol.md, run by its tests as a process of its own. */
import { setTimeout as sleep } from "node:timers/promises";
import { defineAgent, HopRejected, type SkillDefinition, serveAgent, skill } from "hopline/agent";
import * as z from "zod";

const any = (handler: SkillDefinition["handler"]) => skill({ input: z.unknown(), output: z.unknown(), handler });

const typed = defineAgent({
  name: "typed",
  version: "1.0.0",
  description: "TypeScript, in a process of its own.",
  skills: {
    greet: skill({
      input: z.object({ name: z.string() }),
      output: z.string(),
      handler: async ({ name }, hop) => {
        hop.report({ tokens: 3 });
        return `typed: ${await hop.call("pythonic", { name }, { skill: "greet" })}`;
      },
    }),
    wait: any((_, hop) => {
      hop.log("waiting");
      return new Promise((_, fail) => {
        hop.signal.addEventListener("abort", () => {
          hop.log("aborted", { reason: String(hop.signal.reason.message) });
          fail(hop.signal.reason);
        });
      });
    }),
    pieces: any(async (input, hop) => {
      hop.emit({ piece: 1 });
      await sleep(300);
      hop.emit("two\n\nlines");
      if (input === "fail") throw new Error("no third piece");
      return "whole";
    }),
    listen: any(async (_, hop) => {
      const heard: unknown[] = [];
      const output = await hop.call("pythonic", null, { skill: "pieces", onChunk: (chunk) => heard.push(chunk) });
      return { heard, output };
    }),
    nap: any(async (_, hop) => {
      hop.log("napping");
      await sleep(1_500);
      return "rested";
    }),
    refused: any(async (_, hop) => {
      try {
        return await hop.call("typed", null, { skill: "nap" });
      } catch (error) {
        return error instanceof HopRejected ? error.rejection : String(error);
      }
    }),
    tool: any((input, hop) => hop.tool("echo", { input })),
    left: any(async (input, hop) => {
      const { wallMs: _, ...left } = await hop.remaining();
      const below =
        input === "pythonic" ? [await hop.call("pythonic", null, { skill: "left", allowance: { hops: 3 } })] : [];
      return [{ depth: hop.depth, left }, ...below];
    }),
    leave: any(async (_, hop) => {
      const call = hop.call("pythonic", null, { skill: "wait", signal: AbortSignal.timeout(700) });
      return call.catch((error: Error) => error.name);
    }),
    once: any(async (_, hop) => {
      const options = { idempotencyKey: "once" };
      const first = await hop.invoke("echo", 1, options);
      return first.hopId === (await hop.invoke("echo", 1, options)).hopId;
    }),
  },
});

const own = process.env.AGENT_KEY;
const { url } = await serveAgent(typed, { port: 0, register: true, ...(own && { key: own }) });
console.log(`typed listens on ${url}`);
