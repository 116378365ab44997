/** Agents that the tests need: each shows one thing that an agent may do, or do wrong. */
import * as z from "zod";
import { type AgentDefinition, defineAgent, HopRejected, skill } from "../../../agents/define.ts";

/** Calls the agents of `path` one after the other, each from the one before; answers what the last one got. */
const Path = z.object({
  path: z.array(z.string()),
  input: z.unknown().optional(),
  /** Emits its own name, and what those below it emit. */
  loud: z.boolean().optional(),
});

export function relay(name: string): AgentDefinition {
  return defineAgent({
    name,
    version: "1.0.0",
    description: "Calls the next agent of a path.",
    skills: {
      relay: skill({
        input: Path,
        output: z.unknown(),
        handler: async ({ path: [next, ...path], input, loud }, hop) => {
          if (loud) hop.emit({ at: hop.agent });
          if (next === undefined) return input ?? "end";
          try {
            const onChunk = (chunk: unknown) => hop.emit(chunk);
            return await hop.call(next, { path, input, loud }, loud ? { onChunk } : {});
          } catch (error) {
            if (error instanceof HopRejected) return { refused: error.rejection };
            throw error;
          }
        },
      }),
    },
  });
}

const speaker = defineAgent({
  name: "speaker",
  version: "1.0.0",
  description: "Emits what it is told to, so often; answers how often.",
  skills: {
    say: skill({
      input: z.object({ what: z.unknown(), times: z.int() }),
      output: z.int(),
      handler: ({ what, times }, hop) => {
        for (let n = 0; n < times; n++) hop.emit(what);
        return times;
      },
    }),
    nonsense: skill({
      input: z.unknown(),
      output: z.string(),
      handler: (_, hop) => {
        try {
          hop.emit(1n);
        } catch (error) {
          if (error instanceof HopRejected) return error.code;
        }
        return "taken";
      },
    }),
    after: skill({
      input: z.unknown(),
      output: z.unknown(),
      handler: async (input, hop) => {
        await hop.call(
          "speaker",
          { what: input, times: 2 },
          {
            skill: "say",
            onChunk: () => {
              throw new Error("the listener fails");
            },
          },
        );
        return "unharmed";
      },
    }),
  },
});

const sleeper = defineAgent({
  name: "sleeper",
  version: "1.0.0",
  description: "Sleeps without listening to its signal, reports 7 tokens, answers.",
  timeoutMs: 300,
  estimate: { tokens: 5 },
  skills: {
    sleep: skill({
      input: z.object({ ms: z.int() }),
      output: z.string(),
      handler: async ({ ms }, hop) => {
        await scheduler.wait(ms);
        hop.report({ tokens: 7 });
        return "awake";
      },
    }),
  },
});

/** Why the signals of listeners aborted, by the word that they were given. */
const heard = new Map<string, string>();

const listener = defineAgent({
  name: "listener",
  version: "1.0.0",
  description: "Waits until its signal aborts, and remembers why.",
  estimate: { tokens: 11 },
  skills: {
    listen: skill({
      input: z.object({ word: z.string() }),
      output: z.string(),
      handler: ({ word }, hop) => {
        heard.set(word, "listening");
        const { promise, resolve } = Promise.withResolvers<string>();
        hop.signal.addEventListener("abort", () => {
          heard.set(word, "aborted");
          resolve("aborted");
        });
        return promise;
      },
    }),
    heard: skill({
      input: z.object({ word: z.string() }),
      output: z.string(),
      handler: ({ word }) => heard.get(word) ?? "nothing",
    }),
  },
});

const forgetful = defineAgent({
  name: "forgetful",
  version: "1.0.0",
  description: "Calls the listener, and answers without waiting for it.",
  skills: {
    forget: skill({
      input: z.object({ word: z.string() }),
      output: z.string(),
      handler: async ({ word }, hop) => {
        hop.call("listener", { word }).catch(() => undefined);
        while (!heard.has(word)) await scheduler.wait(5);
        return "gone";
      },
    }),
  },
});

function narrow(name: string): AgentDefinition {
  let running = 0;
  return defineAgent({
    name,
    version: "1.0.0",
    description: "Has two places; answers how many were taken when it began.",
    maxConcurrency: 2,
    skills: {
      stay: skill({
        input: z.object({ ms: z.int() }),
        output: z.object({ running: z.int() }),
        handler: async ({ ms }) => {
          running += 1;
          const seen = running;
          await scheduler.wait(ms);
          running -= 1;
          return { running: seen };
        },
      }),
    },
  });
}

const fan = defineAgent({
  name: "fan",
  version: "1.0.0",
  description: "Calls an agent many times at once, and counts how its calls ended.",
  skills: {
    fan: skill({
      input: z.object({ agent: z.string(), times: z.int(), input: z.unknown(), allowance: z.unknown().optional() }),
      output: z.record(z.string(), z.int()),
      handler: async ({ agent, times, input, allowance }, hop) => {
        const options = allowance === undefined ? {} : { allowance: allowance as Record<string, number> };
        const calls = Array.from({ length: times }, () => hop.call(agent, input, options));
        const ends: Record<string, number> = {};
        for (const call of await Promise.allSettled(calls)) {
          const end = call.status === "fulfilled" ? "done" : (call.reason as HopRejected).code;
          ends[end] = (ends[end] ?? 0) + 1;
        }
        return ends;
      },
    }),
  },
});

/** How often the counter ran, by its word. */
const counts = new Map<string, number>();

const teller = defineAgent({
  name: "teller",
  version: "1.0.0",
  description: "Tells of its hop, reports, counts, and fails as it is told.",
  skills: {
    tell: skill({
      input: z.object({ tokens: z.int(), costMicros: z.int() }),
      output: z.unknown(),
      handler: async ({ tokens, costMicros }, hop) => {
        const before = await hop.remaining();
        hop.report({ tokens });
        hop.report({ costMicros });
        const { agent, skill, depth, deadlineMs, hopId } = hop;
        return { before, agent, skill, depth, hopId, leftMs: deadlineMs - Date.now() };
      },
    }),
    count: skill({
      input: z.object({ word: z.string(), ms: z.int() }),
      output: z.int(),
      handler: async ({ word, ms }) => {
        const times = (counts.get(word) ?? 0) + 1;
        counts.set(word, times);
        await scheduler.wait(ms);
        return times;
      },
    }),
    twice: skill({
      input: z.object({ word: z.string() }),
      output: z.unknown(),
      handler: ({ word }, hop) => {
        const call = () => hop.invoke("echo", word, { idempotencyKey: word, metadata: { word } });
        return Promise.all([call(), call()]);
      },
    }),
    ask: skill({
      input: z.array(z.object({ agent: z.string(), skill: z.string().optional(), input: z.unknown() })),
      output: z.unknown(),
      handler: async (calls, hop) => {
        const told: unknown[] = [];
        for (const { agent, input, skill } of calls) {
          const called = await hop.invoke(agent, input, skill === undefined ? {} : { skill }).catch(() => undefined);
          told.push({ usage: called?.usage, left: await hop.remaining() });
        }
        return told;
      },
    }),
    absent: skill({
      input: z.unknown(),
      output: z.object({ here: z.int(), gone: z.int().optional() }),
      handler: (_, hop) =>
        hop.call("teller", { gone: undefined, here: 1 }, { skill: "given" }) as Promise<{ here: number }>,
    }),
    given: skill({
      input: z.object({ here: z.int(), gone: z.int().optional() }),
      output: z.object({ here: z.int(), gone: z.int().optional() }),
      handler: ({ here }) => ({ here, gone: undefined }),
    }),
    fail: skill({
      input: z.enum(["throw", "misreport", "misfit", "bigint", "circle", "deep"]),
      output: z.string(),
      handler: (how, hop): string => {
        if (how === "throw") throw new Error("no luck");
        if (how === "misreport") hop.report({ tokens: 0.5 });
        const circle: Record<string, unknown> = {};
        circle.self = circle;
        let deep: unknown[] = [];
        for (let level = 0; level < 100_000; level++) deep = [deep];
        return { bigint: 1n, circle, deep, misfit: 42 }[how as "bigint"] as unknown as string;
      },
    }),
  },
});

export const testAgents: readonly AgentDefinition[] = [
  relay("relay-a"),
  relay("relay-b"),
  relay("relay-c"),
  speaker,
  sleeper,
  listener,
  forgetful,
  narrow("narrow"),
  narrow("crowded"),
  fan,
  teller,
];
