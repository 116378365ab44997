/**
 * Restate's side of the chains, as one process of its own: `node bench/restate/services.ts PORT`. `hop-1` calls `hop-2`
 * and so on, each a service, each call through the journal: the shape of bench/agents.ts, in the way Restate's
 * documentation writes it. Over HTTP/2, which its server prefers; on loopback alone, unlike `restate.serve`.
 */
import { createServer } from "node:http2";
import { type Context, createEndpointHandler, service } from "@restatedev/restate-sdk";

const [port = "0"] = process.argv.slice(2);

/** The handler that each of the services has. */
interface Hop {
  answer(ctx: Context, input: unknown): Promise<unknown>;
}

const relays = [1, 2, 3, 4].map((place) =>
  service({
    name: `hop-${place}`,
    handlers: {
      answer: (ctx: Context, input: unknown): Promise<unknown> =>
        ctx.serviceClient<Hop>({ name: `hop-${place + 1}` }).answer(input),
    },
  }),
);
const last = service({
  name: "hop-5",
  handlers: { answer: (_: Context, input: unknown) => Promise.resolve(input) },
});

const handler = createEndpointHandler({
  services: [...relays, last],
  // It tells each start and end of a call otherwise, and that nobody signs the requests, which nobody does on loopback.
  logger: ({ level }, ...said) => {
    if (level === "error") console.error("bench: a Restate service failed", ...said);
  },
});
createServer(handler).listen(Number(port), "127.0.0.1", () => process.send?.("ready"));
process.on("disconnect", () => process.exit());
