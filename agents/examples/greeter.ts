/** An agent in a process of its own: `HOPLINE_KEY=… node agents/examples/greeter.ts` registers it and serves it. */
import { defineAgent, serveAgent, skill } from "hopline/agent";
import * as z from "zod";

const greet = skill({
  input: z.object({ name: z.string() }),
  output: z.string(),
  handler: async ({ name }, hop) => `Hello ${await hop.call("echo", name)}`,
});
const greeter = defineAgent({ name: "greeter", version: "1.0.0", description: "Says hello.", skills: { greet } });

const key = process.env.HOPLINE_KEY;
const { url } = await serveAgent(greeter, {
  port: Number(process.env.PORT ?? 9001),
  ...(key && { register: { key } }),
});
console.log(`greeter listens on ${url}`);
