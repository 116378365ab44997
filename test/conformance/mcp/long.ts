/** Tools of the fixture that take long: the mesh makes tasks of their calls where a client takes tasks. */
import type { Answers } from "./asking.ts";

interface LongTool {
  readonly description: string;
  readonly inputSchema?: Record<string, unknown>;
  readonly run: (args: Record<string, unknown>, headers: unknown, answers: Answers) => Promise<unknown>;
}

/** Longer than the mesh waits before a call becomes a task, in milliseconds. */
const LONG_MS = 1_000;
const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
const TASKS = "io.modelcontextprotocol/tasks";

const said = (text: string) => ({ content: [{ type: "text", text }] });
const text = { type: "string" };
const form = (message: string, properties: Record<string, unknown>) => ({
  method: "elicitation/create",
  params: { mode: "form", message, requestedSchema: { type: "object", properties, required: Object.keys(properties) } },
});
const confirm = form("Are you sure?", { confirm: { type: "boolean" } });
const name = form("What is your name?", { name: text });

/** Works a while, then asks; says what was answered. */
const askingLate =
  (inputRequests: Record<string, unknown>) =>
  async (_: unknown, __: unknown, { inputResponses }: Answers) => {
    await sleep(LONG_MS);
    return inputResponses === undefined
      ? { resultType: "input_required", inputRequests }
      : said(JSON.stringify(inputResponses));
  };

export const LONG: Record<string, LongTool> = {
  greet: {
    description: "Greets at once.",
    inputSchema: { type: "object", properties: { name: text }, required: ["name"] },
    run: async ({ name }) => said(`Hello, ${String(name)}!`),
  },
  slow_compute: {
    description: "Takes as long as it is told.",
    inputSchema: { type: "object", properties: { seconds: { type: "number" }, label: text } },
    run: async ({ seconds, label }) => {
      await sleep(Number(seconds) * 1_000);
      return said(`computed ${String(label)}`);
    },
  },
  failing_job: {
    description: "Takes a while to fail; for clients that take tasks alone.",
    run: async (_, __, { capabilities }) => {
      const extensions = capabilities?.extensions as Record<string, unknown> | undefined;
      if (extensions?.[TASKS] === undefined) throw new NeedsTasks();
      await sleep(LONG_MS);
      return { isError: true, ...said("The job has failed.") };
    },
  },
  protocol_error_job: {
    description: "Takes a while to break.",
    run: async () => {
      await sleep(LONG_MS);
      throw new Error("The job has broken.");
    },
  },
  confirm_delete: {
    description: "Takes a while to ask.",
    inputSchema: { type: "object", properties: { filename: text } },
    run: askingLate({ sure: confirm }),
  },
  multi_input: { description: "Takes a while to ask twice.", run: askingLate({ sure: confirm, who: name }) },
  test_tool_with_task: {
    description: "Asks at once, and takes long with the answer.",
    run: async (_, __, { inputResponses }) => {
      if (inputResponses === undefined) return { resultType: "input_required", inputRequests: { user_name: name } };
      await sleep(LONG_MS);
      const { content } = (inputResponses.user_name ?? {}) as { content?: { name?: string } };
      return said(`Hello, ${content?.name}!`);
    },
  },
};

/** As the protocol has it: what a client lacks is named. */
class NeedsTasks extends Error {
  readonly code = -32_021;
  readonly data = { requiredCapabilities: { extensions: { [TASKS]: {} } } };

  constructor() {
    super("This tool is for clients that take tasks.");
  }
}
