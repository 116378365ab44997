/** Tools of the fixture that ask the client, by their results: sessions of the mesh's clients are asked all the same. */

/** What comes with a call that answers an earlier result. */
export interface Answers {
  readonly inputResponses?: Readonly<Record<string, unknown>> | undefined;
  readonly requestState?: string | undefined;
  readonly capabilities: Readonly<Record<string, unknown>> | undefined;
}

interface AskingTool {
  readonly description: string;
  readonly inputSchema?: Record<string, unknown>;
  readonly run: (args: Record<string, unknown>, headers: unknown, answers: Answers) => unknown;
}

type Requests = Readonly<Record<string, { readonly method: string; readonly params: Record<string, unknown> }>>;

const said = (text: string) => ({ content: [{ type: "text", text }] });
const text = { type: "string" };

function form(message: string, properties: Record<string, unknown>) {
  const requestedSchema = { type: "object", properties, required: Object.keys(properties) };
  return { method: "elicitation/create", params: { mode: "form", message, requestedSchema } };
}

function sample(words: string, maxTokens: number) {
  const messages = [{ role: "user", content: { type: "text", text: words } }];
  return { method: "sampling/createMessage", params: { messages, maxTokens } };
}

const ROOTS = { method: "roots/list", params: {} };

/** Asks until everything that it asks is answered. */
function asking(
  requests: (args: Record<string, unknown>) => Requests,
  told: (answers: Readonly<Record<string, unknown>>) => string,
  state?: string,
) {
  return (args: Record<string, unknown>, _: unknown, { inputResponses = {}, requestState }: Answers) => {
    const inputRequests = requests(args);
    const answered = Object.keys(inputRequests).every((key) => isObject(inputResponses[key]));
    if (answered && requestState === state) return said(told(inputResponses));
    return { resultType: "input_required", inputRequests, ...(state === undefined ? {} : { requestState: state }) };
  };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

const STATE = "state of the fixture";
const name = form("What is your name?", { name: text });

export const ASKING: Record<string, AskingTool> = {
  test_sampling: {
    description: "Asks the client's model.",
    inputSchema: { type: "object", properties: { prompt: text }, required: ["prompt"] },
    run: asking(
      ({ prompt }) => ({ asked: sample(String(prompt), 100) }),
      ({ asked }) => `LLM response: ${JSON.stringify(asked)}`,
    ),
  },
  test_elicitation: {
    description: "Asks the client's user.",
    inputSchema: { type: "object", properties: { message: text }, required: ["message"] },
    run: asking(
      ({ message }) => ({ asked: form(String(message), { username: text, email: text }) }),
      ({ asked }) => `User response: ${JSON.stringify(asked)}`,
    ),
  },
  test_elicitation_sep1034_defaults: {
    description: "Asks with a default of each primitive type.",
    run: asking(
      () => ({
        asked: form("Are these right?", {
          name: { type: "string", default: "John Doe" },
          age: { type: "integer", default: 30 },
          score: { type: "number", default: 95.5 },
          status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
          verified: { type: "boolean", default: true },
        }),
      }),
      ({ asked }) => `Elicitation completed: ${JSON.stringify(asked)}`,
    ),
  },
  test_elicitation_sep1330_enums: {
    description: "Asks with each kind of choice.",
    run: asking(
      () => ({
        asked: form("Choose.", {
          untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
          titledSingle: { type: "string", oneOf: titled("Option") },
          legacyEnum: {
            type: "string",
            enum: ["opt1", "opt2", "opt3"],
            enumNames: ["Option One", "Option Two", "Option Three"],
          },
          untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
          titledMulti: { type: "array", items: { anyOf: titled("Choice") } },
        }),
      }),
      ({ asked }) => `Elicitation completed: ${JSON.stringify(asked)}`,
    ),
  },
  test_missing_capability: {
    description: "Asks the client's model; shown to clients that have one.",
    run: asking(() => ({ asked: sample("Say hello.", 10) }), JSON.stringify),
  },
  test_streaming_elicitation: {
    description: "Asks for a name.",
    run: asking(() => ({ user_name: name }), JSON.stringify),
  },
  test_input_required_result_elicitation: {
    description: "Asks for a name.",
    run: asking(
      () => ({ user_name: name }),
      ({ user_name: { content } = {} }: { user_name?: { content?: { name?: string } } }) => `Hello, ${content?.name}!`,
    ),
  },
  test_input_required_result_sampling: {
    description: "Asks a model.",
    run: asking(() => ({ capital_question: sample("What is the capital of France?", 100) }), JSON.stringify),
  },
  test_input_required_result_list_roots: {
    description: "Asks for roots.",
    run: asking(() => ({ client_roots: ROOTS }), JSON.stringify),
  },
  test_input_required_result_request_state: {
    description: "Wants its state back.",
    run: asking(
      () => ({ confirm: form("Please confirm", { ok: { type: "boolean" } }) }),
      () => "state-ok",
      STATE,
    ),
  },
  test_input_required_result_multiple_inputs: {
    description: "Asks for several things at once.",
    run: asking(
      () => ({ user_name: name, greeting: sample("Generate a greeting", 50), client_roots: ROOTS }),
      JSON.stringify,
      STATE,
    ),
  },
  test_input_required_result_tampered_state: {
    description: "Refuses a state that is not its own.",
    run: (_, __, { requestState, inputResponses }) => {
      if (requestState === STATE && inputResponses !== undefined) return said("The state is as it was.");
      if (requestState !== undefined) throw new Error("The state was tampered with.");
      const inputRequests = { confirm: form("Please confirm", { ok: { type: "boolean" } }) };
      return { resultType: "input_required", inputRequests, requestState: STATE };
    },
  },
  test_input_required_result_capabilities: {
    description: "Asks only what the client can answer.",
    run: (_, __, { capabilities = {} }) => {
      const asked = { elicitation: name, sampling: sample("What is the capital of France?", 100), roots: ROOTS };
      const able = Object.entries(asked).filter(([capability]) => capability in capabilities);
      return { resultType: "input_required", inputRequests: Object.fromEntries(able), requestState: STATE };
    },
  },
  test_input_required_result_multi_round: {
    description: "Asks, and asks again.",
    run: (_, __, { inputResponses = {}, requestState }) => {
      if (requestState === "second" && isObject(inputResponses.step2)) return said("Both steps are done.");
      const second = requestState === "first" && isObject(inputResponses.step1);
      const inputRequests = second
        ? { step2: form("Step 2: What is your favorite color?", { color: text }) }
        : { step1: form("Step 1: What is your name?", { name: text }) };
      return { resultType: "input_required", inputRequests, requestState: second ? "second" : "first" };
    },
  },
};

function titled(what: string) {
  return ["First", "Second", "Third"].map((place, index) => ({
    const: `value${index + 1}`,
    title: `${place} ${what}`,
  }));
}
