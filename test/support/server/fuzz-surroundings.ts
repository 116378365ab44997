/** A mesh with something of everything, for requests that are made from the document. */
import type { Operation } from "../fuzz/document.ts";
import type { Surroundings } from "../fuzz/requests.ts";
import { type AgentHost, gate, Raw, silent } from "./agent.ts";
import { ADMIN_KEY, type MeshServer } from "./mesh.ts";

const SCRATCH = 30;
/** Hops that last as long as the requests, on a slow machine too. */
const PATIENT = { timeoutMs: 900_000 };
const LONG = { budget: { wallMs: 900_000 } };

export interface Fuzzed extends Surroundings {
  /** The token of a hop that runs, of agent `keeper`. */
  readonly token: string;
  readonly letGo: () => void;
}

export async function furnish(mesh: MeshServer, host: AgentHost): Promise<Fuzzed> {
  const { client } = mesh;
  const scratch = Array.from({ length: SCRATCH }, (_, place) => `scratch-${place}`);
  const held = gate();
  await host.agent("parrot", (input) => input);
  await host.agent("failing", () => new Raw(500, '{"detail":"no"}'));
  await host.agent("slow", silent, { timeoutMs: 20 });
  await host.agent("resting", (input) => input, { status: "draining" });
  const inputSchema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
  await host.agent("typed", (input) => input, { skills: [{ id: "typed", inputSchema }] });
  const keeper = await host.agent("keeper", held.handler, PATIENT);
  const busy = await host.agent("busy", held.handler, { ...PATIENT, maxConcurrency: 1 });
  for (const name of scratch) await host.agent(name, (input) => input);

  const start = async (agent: typeof keeper) => {
    const reached = agent.next();
    void client.invoke(agent.name, null, LONG).catch(() => undefined);
    return reached;
  };
  const { token } = await start(keeper);
  await start(busy);
  const running: string[] = [];
  for (let chain = 0; chain < SCRATCH; chain++) running.push((await start(keeper)).chainId);
  const ended = (await client.invoke("parrot", 1)).chainId;

  const scopes = [["read"], ["invoke"], ["register"], ["invoke", "read"]];
  const keys = await Promise.all(scopes.map((some) => client.createKey(some)));
  const bound = await client.createKey(["agent"], { agent: "keeper" });
  const revocable = await Promise.all(scratch.map(() => client.createKey(["read"])));
  const cursors: string[] = [];
  for (const path of ["/v1/agents?limit=1", "/v1/agents?limit=1&q=scratch", "/v1/chains?limit=1", "/v1/keys?limit=1"]) {
    cursors.push(String(((await client.send(path)).body as { nextCursor?: string }).nextCursor ?? "none"));
  }
  const tags: string[] = [];
  for (const path of ["/openapi.json", "/docs", "/v1/agents/scratch-1"]) {
    tags.push((await client.send(path)).headers.get("etag") ?? "none");
  }

  const known = ({ path }: Operation, parameter: string): readonly string[] => {
    switch (parameter) {
      case "cursor":
        return cursors;
      case "Hopline-Token":
        return [token, `${token}x`];
      case "Idempotency-Key":
        return ["again", "and-again"];
      case "If-Match":
      case "If-None-Match":
        return [...tags, "*"];
      case "traceparent":
        return [`00-${running[0]}-00f067aa0ba902b7-01`];
      case "name":
        return path.endsWith("/invoke") ? ["parrot", "typed", "failing", "slow", "resting"] : scratch;
      case "id":
        if (path.startsWith("/v1/keys")) return revocable.map(({ keyId }) => keyId);
        // The events of a chain that runs would be waited for.
        return path.endsWith("/events") ? [ended] : [...running, ended];
      default:
        return [];
    }
  };
  return {
    keys: [ADMIN_KEY, ...keys.map(({ key }) => key), bound.key, token],
    urls: [`http://127.0.0.1:${host.port}/scratch-0`, "http://127.0.0.1:1/", "http://169.254.169.254/", `${mesh.url}/`],
    fields: { skill: ["parrot", "typed", "failing"], agent: ["keeper"], mesh: ["default"], input: [{ n: 1 }, "hello"] },
    known,
    token,
    letGo: () => held.open(),
  };
}
