/** How a hop ends: what came back is checked and measured, and the ledger is told. */
import { plusUsage, type Usage } from "../budget.ts";
import type { Ask, Settlement } from "../chain/facts.ts";
import type { Mesh } from "../mesh.ts";
import { placeOf } from "../rejection.ts";
import type { Delivered, Delivery } from "../transport/transport.ts";
import type { HopCall, Outcome } from "./call.ts";
import type { HopCapability } from "./capability.ts";
import { weigh } from "./payload.ts";
import type { Prepared } from "./prepare.ts";
import { schemaErrors } from "./schema-check.ts";
import { send, UNAVAILABLE } from "./send.ts";

/** How one attempt ended for its hop. */
export type Ended = Pick<Settlement, "outcome" | "rejection" | "bytes" | "tokens" | "costMicros" | "outputDigest"> & {
  readonly output?: unknown;
  /** `output` as JSON. */
  readonly json?: string;
};

/** Whatever came back, the hop ends: an output that can't be checked is its callee's failure. */
export async function endOf(delivery: Delivery, hop: HopCapability, result: Delivered): Promise<Ended> {
  try {
    return await checkedEnd(delivery, hop, result);
  } catch (error) {
    console.error("dispatch: an output could not be checked", error);
    const detail = `Agent '${delivery.agent.name}' answered with an output that could not be checked.`;
    return {
      outcome: "error",
      rejection: { code: "upstream_error", detail },
      bytes: hop.emittedBytes,
      ...hop.reported,
    };
  }
}

/** Checks and measures what came back. What the callee reports over a wire counts beside what its hop reported here. */
async function checkedEnd(delivery: Delivery, hop: HopCapability, result: Delivered): Promise<Ended> {
  const tokens = hop.reported.tokens + result.usage.tokens;
  const costMicros = hop.reported.costMicros + result.usage.costMicros;
  const emitted = hop.emittedBytes;
  if (!result.ok) return { outcome: "error", rejection: result.rejection, bytes: emitted, tokens, costMicros };
  const output = result.output ?? null;
  const payload = weigh(output, result.json);
  const bytes = emitted + payload.bytes;
  const [wrong] = schemaErrors(delivery.skill.outputSchema, output);
  const outputDigest = await payload.digest;
  if (wrong === undefined)
    return { outcome: "done", output, json: payload.json, bytes, tokens, costMicros, outputDigest };
  const { agent, skill } = delivery;
  const detail = `Agent '${agent.name}' answered with an output that does not fit the schema of ${agent.name}/${skill.id}${placeOf(wrong)}: ${wrong.detail}`;
  return {
    outcome: "error",
    rejection: { code: "upstream_error", detail },
    bytes,
    tokens,
    costMicros,
    outputDigest,
  };
}

/** Without the output, which only a call under a key leaves with the ledger. */
function settlementOf(
  { chainId, hopId, idempotency }: Pick<Ask, "chainId" | "hopId"> & Partial<Pick<Ask, "idempotency">>,
  { output: _, json, ...end }: Ended,
  attempt: number,
): Settlement {
  const durable = idempotency !== undefined;
  const answer = durable ? json : undefined;
  return { type: "settle", chainId, hopId, attempt, ...end, durable, answer };
}

/**
 * What a hop and all below it have used, where that is known without the ledger: it is builtin, as its caller is, and has ended
 * well, and so has all that it called. Its settlement needs no answer then, only to come before its caller's next message.
 */
export function usageHere(
  { caller }: HopCall,
  { ask, callee }: Prepared,
  { usedBelow }: HopCapability,
  { outcome, bytes, tokens, costMicros }: Ended,
): Usage | undefined {
  const calledHere = caller.kind === "hop" && caller.builtin === true && ask.idempotency === undefined;
  const endedHere = callee?.agent.endpoint.kind === "builtin" && outcome === "done";
  if (!calledHere || !endedHere || usedBelow === undefined) return undefined;
  return plusUsage({ hops: 1, bytes: ask.inputBytes + bytes, tokens, costMicros, wallMs: 0 }, usedBelow);
}

/** Settles without waiting for the ledger. @param usage of the hop and all below it */
export function leave(mesh: Mesh, prepared: Prepared, ended: Ended, attempt: number, usage: Usage): Outcome {
  const { chainId, hopId } = prepared.ask;
  const { courier, ledger } = mesh.line(chainId);
  courier.leave(settlementOf(prepared.ask, ended, attempt), ledger, mesh);
  const { output, json = "null" } = ended;
  return { ok: true, chainId, hopId, output, json, usage };
}

export async function settle(mesh: Mesh, prepared: Prepared, ended: Ended, attempt: number): Promise<Outcome> {
  const settled = await send(mesh, settlementOf(prepared.ask, ended, attempt));
  const { chainId, hopId } = prepared.ask;
  const { output, json = "null" } = ended;
  const place = { chainId, hopId };
  if (settled?.verdict !== "settled") return { ok: false, rejection: UNAVAILABLE, ...place };
  if (settled.status === "done" && ended.outcome === "done")
    return { ok: true, ...place, output, json, usage: settled.usage };
  return { ok: false, rejection: settled.rejection ?? ended.rejection ?? UNAVAILABLE, ...place };
}

/** What a stopped callee still answers corrects the books, once. */
export async function settleLate(
  mesh: Mesh,
  delivery: Delivery,
  hop: HopCapability,
  delivered: Promise<Delivered>,
  attempt: number,
): Promise<void> {
  const result = await delivered;
  if (!result.ok) return;
  await send(mesh, settlementOf(delivery, await endOf(delivery, hop, result), attempt));
}
