/**
 * The http agents, as one process of their own: `node bench/agents.ts PORT PRODUCT_URL FLOOR_URL`. The same code serves
 * every system; only the address and the headers of its calls back differ.
 */
import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

const [port = "0", product = "", floor = ""] = process.argv.slice(2);
const connections = new Agent({ keepAlive: true });

interface Target {
  readonly url: (agent: string) => string;
  readonly headers: (given: IncomingHttpHeaders) => Record<string, string>;
}

const TARGETS: Readonly<Record<string, Target>> = {
  product: {
    url: (agent) => `${product}/v1/agents/http-${agent}/invoke`,
    headers: (given) => ({ authorization: `Bearer ${given["hopline-token"]}` }),
  },
  floor: {
    url: (agent) => `${floor}/invoke/http-${agent}`,
    headers: (given) => ({ "x-hop": String(given["x-hop"]), "x-chain": String(given["x-chain"]) }),
  },
  ungoverned: { url: (agent) => `${floor}/ungoverned/http-${agent}`, headers: () => ({}) },
};

type Call = (agent: string, input: unknown) => Promise<unknown>;

/** As the builtin ones of bench/worker/index.ts and bench/floor/worker.ts. */
function answer(agent: string, input: unknown, call: Call): unknown {
  if (agent === "fan") return Promise.all(Array.from({ length: 10 }, () => call("leaf", input)));
  const place = Number(/^hop-([1-4])$/.exec(agent)?.[1] ?? 0);
  return place === 0 ? input : call(`hop-${place + 1}`, input);
}

function post(url: string, headers: Record<string, string>, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const options = {
      method: "POST",
      agent: connections,
      headers: { ...headers, "content-type": "application/json", "content-length": length },
    };
    const sent = request(url, options, (response: IncomingMessage) => {
      text(response).then(
        (said) =>
          response.statusCode === 200 ? resolve(said) : reject(new Error(`${url}: ${response.statusCode} ${said}`)),
        reject,
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function handle(given: IncomingMessage): Promise<string> {
  const [, system = "", agent = ""] = (given.url ?? "").split("/");
  const target = TARGETS[system];
  if (target === undefined) throw new Error(`There is no system '${system}'.`);
  const { input } = JSON.parse(await text(given)) as { input: unknown };
  const call: Call = async (next, passed) => {
    const said = await post(target.url(next), target.headers(given.headers), JSON.stringify({ input: passed }));
    return (JSON.parse(said) as { output: unknown }).output;
  };
  return JSON.stringify({ output: await answer(agent, input, call) });
}

const server = createServer((given, response) => {
  handle(given).then(
    (body) => {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      response.writeHead(200, headers).end(body);
    },
    (error: unknown) => {
      console.error("bench: an agent failed", error);
      response.writeHead(500).end();
    },
  );
});
// Longer than any pause of the benchmark: a connection that is closed while it is taken up again would be an error.
server.keepAliveTimeout = 600_000;
server.listen(Number(port), "127.0.0.1", () => process.send?.("ready"));
process.on("disconnect", () => process.exit());
