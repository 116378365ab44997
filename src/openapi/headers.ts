/** Header fields, described once: those that answers carry, and those that requests may. */
import * as z from "zod";
import { CHAIN_ID } from "../../mesh/ids.ts";
import { IDEMPOTENCY_KEY_CHARS, IDEMPOTENCY_MS } from "../../mesh/limits.ts";

const HOUR_MS = 3_600_000;

export const AnswerHeaders = {
  "Hopline-Chain": z.string().regex(CHAIN_ID).meta({ description: "The chain that this answer belongs to." }),
  ETag: z.string().meta({ description: 'The version of what was read or written, such as `"12"`.' }),
  Location: z.string().meta({ description: "The path of what was made." }),
  "Retry-After": z.string().regex(/^\d+$/).meta({ description: "Seconds after which to try again." }),
  RateLimit: z.string().meta({ description: "What is left of the limit, and the seconds until there is more." }),
  "RateLimit-Policy": z.string().meta({ description: "The limit that was reached." }),
  "WWW-Authenticate": z.string().meta({ description: 'Always `Bearer realm="hopline"`.' }),
  Allow: z.string().meta({ description: "The methods that the resource has." }),
  "Cache-Control": z.string().meta({ description: "How long the answer may be kept." }),
  "Content-Security-Policy": z
    .string()
    .meta({ description: "What a browser may load for it: its own style, nothing else." }),
  Link: z.string().meta({ description: 'Where the next page is, as `rel="next"`.' }),
  Vary: z.string().meta({ description: "The answer depends on `Accept`." }),
} as const;
type AnswerHeader = keyof typeof AnswerHeaders;

/** The header fields of one answer: those that are always there, and those that may be. */
export function headers(
  always: readonly AnswerHeader[],
  sometimes: readonly AnswerHeader[] = [],
): z.ZodObject<Record<string, z.ZodType>> {
  return z.object({
    ...Object.fromEntries(always.map((name) => [name, AnswerHeaders[name]])),
    ...Object.fromEntries(sometimes.map((name) => [name, AnswerHeaders[name].optional()])),
  });
}

export const RequestHeaders = {
  idempotencyKey: z
    .string()
    .regex(new RegExp(`^[\\x21-\\x7e]{1,${IDEMPOTENCY_KEY_CHARS}}$`))
    .optional()
    .meta({
      description: `Makes the request safe to repeat: the same key with the same request runs once, and answers the same for ${IDEMPOTENCY_MS / HOUR_MS} hours; with another request it is a \`conflict\`. 1 to ${IDEMPOTENCY_KEY_CHARS} visible ASCII characters.`,
      examples: ["order-1042"],
    }),
  hopToken: z.string().optional().meta({
    description:
      "The hop token of the call that is being answered, from an agent that sends its own key as bearer. The call then continues that chain.",
  }),
  traceparent: z
    .string()
    .optional()
    .meta({
      description:
        "The caller's own W3C trace context; kept with the chain as a link. If it names a running chain of this mesh, the call must bring its hop token.",
      examples: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
    }),
  ifMatch: z
    .string()
    .regex(/^(\*|"\d{1,15}")$/)
    .optional()
    .meta({ description: "Changes the agent only if this is still its `ETag`; `*` takes any.", examples: ['"12"'] }),
  accept: (description: string) => z.string().optional().meta({ description }),
  lastEventId: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .meta({ description: "The `id` of the last event that was read: the stream goes on after it." }),
  ifNoneMatch: z
    .string()
    .optional()
    .meta({ description: "The `ETag` that is already there: the answer is then 304, without a body." }),
} as const;
