/** Invoking an agent. */
import * as z from "zod";
import { AgentName, InvokeRequest } from "../../../mesh/schema.ts";
import { InvokeAnswer, OwnHopAnswer } from "../answers.ts";
import { boundedCall, call, callAnswer, callEvents, callWithin } from "../examples.ts";
import { headers, RequestHeaders } from "../headers.ts";
import { eventMedia, json, type Operation } from "../operation.ts";

export const invokeOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/agents/{name}/invoke",
    id: "invokeAgent",
    tag: "Invoke",
    summary: "Call an agent",
    description: `With a key of scope \`invoke\` it starts a chain: \`budget\` and \`policy\` hold for all that it causes. With a hop token, as bearer or in \`Hopline-Token\`, it continues the chain of that hop, and \`allowance\` gives a part of the budget along.

The hop is admitted, and written down, before the agent sees a byte. A refusal is an answer to act on: it names the rule, the limit and what would be allowed. It stands in the chain's graph, except 400, 401, 404, 413 and 422 of a root call, which start no chain. The call goes on when its client leaves; cancel its chain, or let its deadline end it.

With \`Accept: text/event-stream\` the answer is a stream: \`hop\` for whatever happens in the chain, \`chunk\` for each piece that the agent emits, and last \`result\` or \`problem\`, which then comes with status 200. What is refused before anything ran has its own status. A client that closes the stream cancels the call.`,
    access: "invoke",
    params: {
      path: z.object({ name: AgentName.meta({ description: "The agent's name.", param: { example: "echo" } }) }),
      header: z.object({
        "Idempotency-Key": RequestHeaders.idempotencyKey,
        "Hopline-Token": RequestHeaders.hopToken,
        Accept: RequestHeaders.accept("`text/event-stream` for a stream, else JSON."),
        traceparent: RequestHeaders.traceparent,
      }),
    },
    body: {
      schema: InvokeRequest,
      examples: { "A call": call, "With a budget": boundedCall, "Within a chain": callWithin },
    },
    answers: {
      "200": {
        description: "What the agent answered, and what it took.",
        headers: headers(["Hopline-Chain"], ["Cache-Control"]),
        content: {
          "application/json": { schema: InvokeAnswer, example: callAnswer },
          "text/event-stream": eventMedia(
            { hop: "HopEvent", chunk: null, result: "InvokeAnswer", problem: "Problem" },
            callEvents,
          ),
        },
      },
    },
    problems: [
      "budget_exceeded",
      "lineage_required",
      "egress_denied",
      "agent_not_found",
      "chain_cancelled",
      "chain_closed",
      "conflict",
      "invalid_input",
      "rate_limited",
      "upstream_error",
      "agent_unavailable",
      "ledger_unavailable",
      "deadline_exceeded",
      "cycle_detected",
      "depth_exceeded",
    ],
    chained: true,
  },
  {
    method: "get",
    path: "/v1/hop",
    id: "readHop",
    tag: "Invoke",
    summary: "What is left to a hop",
    description:
      "For the agent that was called: with its hop token as bearer, or with its own key and the token in `Hopline-Token`. Of every dimension what its calls could still take, and how many levels deeper they may go.",
    access: "agent",
    params: { header: z.object({ "Hopline-Token": RequestHeaders.hopToken }) },
    answers: { "200": json("The hop, and what is left to it.", OwnHopAnswer) },
    problems: [],
  },
];
