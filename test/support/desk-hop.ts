/** A hop whose calls reach the agents that ship, schemas and all, but for those that `refuse` has a word on. */
import { type AgentDefinition, type Hop, HopRejected } from "../../agents/define.ts";
import { shippedAgents } from "../../agents/index.ts";

export interface Call {
  readonly agent: string;
  readonly skill: string;
  readonly input: unknown;
  /** From the root to the callee. */
  readonly path: readonly string[];
}

export interface DeskHop {
  readonly hop: Hop;
  readonly calls: Call[];
  /** The most `reader` calls that were open at once. */
  readonly most: () => number;
}

export interface DeskHopOptions {
  readonly refuse?: (call: Call) => Error | undefined;
  readonly remaining?: Partial<Awaited<ReturnType<Hop["remaining"]>>>;
  /** In the place of, or beside, those that ship. */
  readonly agents?: readonly AgentDefinition[];
  readonly signal?: AbortSignal;
}

const PLENTY = {
  hops: 100,
  bytes: 2 ** 26,
  tokens: 1_000,
  costMicros: 1_000,
  concurrency: 64,
  wallMs: 60_000,
  depth: 8,
};

const SHIPPED = shippedAgents(() => Promise.reject(new Error("no network")));

export const REFUSED = new HopRejected({
  code: "budget_exceeded",
  dimension: "hops",
  limit: 2,
  actual: 3,
  available: 0,
  purse: "chain",
});

export function deskHop(options: DeskHopOptions = {}): DeskHop {
  const { refuse = () => undefined, remaining = {}, agents = [], signal = new AbortController().signal } = options;
  const calls: Call[] = [];
  const open = { now: 0, most: 0 };
  const hopAt = (path: readonly string[]): Hop =>
    ({
      agent: path.at(-1) ?? "",
      signal,
      remaining: () => Promise.resolve({ ...PLENTY, ...remaining }),
      call: async (agent: string, input: unknown, { skill }: { skill?: string } = {}) => {
        const definition = [...agents, ...SHIPPED].find(({ name }) => name === agent);
        const id = skill ?? Object.keys(definition?.skills ?? {})[0] ?? "";
        const call = { agent, skill: id, input, path: [...path, agent] };
        calls.push(call);
        open.now += agent === "reader" ? 1 : 0;
        open.most = Math.max(open.most, open.now);
        try {
          await new Promise((resume) => setTimeout(resume, 1));
          const refusal = refuse(call);
          if (refusal) throw refusal;
          const found = definition?.skills[id];
          if (!found) throw new HopRejected({ code: "agent_not_found", detail: `no ${agent}/${id}` });
          // As over a wire: only what has a JSON arrives.
          const sent: unknown = JSON.parse(JSON.stringify(input));
          const output = await found.handler(found.input.parse(sent), hopAt(call.path));
          return found.output.parse(JSON.parse(JSON.stringify(output)));
        } finally {
          open.now -= agent === "reader" ? 1 : 0;
        }
      },
    }) as unknown as Hop;
  return { hop: hopAt(["desk"]), calls, most: () => open.most };
}
