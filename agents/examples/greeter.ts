/** An agent in a process of its own: `HOPLINE_KEY=… npx node agents/examples/greeter.ts` registers it and serves it. */
import { defineAgent, serveAgent, skill } from "hopline/agent";
import * as z from "zod";

const greet = skill({
  input: z.object({ name: z.string() }),
  output: z.string(),
  handler: async ({ name }, hop) => `Hello ${await hop.call("echo", name)}`,
});
const greeter = defineAgent({ name: "greeter", version: "1.0.0", description: "Says hello.", skills: { greet } });

const { url } = await serveAgent(greeter, { register: true });
console.log(`greeter listens on ${url}`);
