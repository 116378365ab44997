/** The other direction: what an agent over HTTP is sent, and what it may answer. In OpenAPI a webhook. */
import * as z from "zod";
import type { ZodOpenApiOperationObject } from "zod-openapi";
import { CHAIN_ID, HOP_ID } from "../../mesh/ids.ts";
import { BODY_BYTES } from "../../mesh/limits.ts";
import { SkillId } from "../../mesh/schema.ts";
import { agentAnswer, agentCall, agentEvents } from "./examples.ts";
import { eventMedia } from "./operation.ts";

const MEBIBYTE = 2 ** 20;

const sent = z.object({
  "Hopline-Token": z.string().meta({
    description:
      "The hop token: the bearer of the calls that this agent makes in turn. It is dead as soon as this call has ended.",
  }),
  "Hopline-Chain": z.string().regex(CHAIN_ID).meta({ description: "The chain." }),
  "Hopline-Hop": z.string().regex(HOP_ID).meta({ description: "This hop." }),
  "Hopline-Depth": z
    .string()
    .regex(/^\d{1,3}$/)
    .meta({ description: "How deep this hop stands in its chain: 1 for the root call." }),
  "Hopline-Deadline": z
    .string()
    .regex(/^\d{1,16}$/)
    .meta({ description: "When the mesh gives the call up, in epoch milliseconds. It then closes the connection." }),
  traceparent: z.string().meta({ description: "W3C trace context: the chain is the trace, the hop its span." }),
  "Idempotency-Key": z.string().meta({ description: "The hop: the same in each attempt." }),
  Accept: z.string().meta({ description: "`application/json, text/event-stream`" }),
});

const reported = z.int().min(0).optional();
const answer = z
  .looseObject({
    output: z.unknown().meta({ description: "Any JSON that fits the skill's `outputSchema`." }),
    usage: z
      .looseObject({
        tokens: reported.meta({ description: "Model tokens that it used." }),
        costMicros: reported.meta({ description: "What it cost, in millionths of a US dollar." }),
      })
      .optional(),
  })
  .meta({ id: "AgentOutput", description: "What an agent answers." });

export const AGENT_CALL: ZodOpenApiOperationObject = {
  operationId: "callOfAgent",
  summary: "What an agent is sent",
  description: `An agent with an endpoint of kind \`http\` gets each call as a POST to its URL. It answers with 200 and an output, or with a stream of pieces; at most ${BODY_BYTES / MEBIBYTE} MiB. An agent that was registered as \`idempotent\` is called again after 429, 502, 503 and 504, within the deadline.`,
  requestParams: { header: sent },
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: z.strictObject({
          input: z.unknown().meta({ description: "Any JSON that fits the skill's `inputSchema`." }),
          skill: SkillId.meta({ description: "Which of its skills is called." }),
        }),
        examples: { "A call": { value: agentCall } },
      },
    },
  },
  responses: {
    "200": {
      description: "The call is done.",
      content: {
        "application/json": { schema: answer, example: agentAnswer },
        "text/event-stream": eventMedia({ chunk: null, result: "AgentOutput", problem: null }, agentEvents),
      },
    },
    default: {
      description:
        "Anything else, a redirect too, is an `upstream_error` to the caller. The `detail` of a problem by RFC 9457 is passed on.",
    },
  },
};
