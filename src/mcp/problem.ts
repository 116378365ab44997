/** Refusals as tool results: not failures of the transport but answers, with what a model can do about them. */
import { type CallToolResult, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { withoutPrefix } from "../../mesh/federation/error-words.ts";
import type { UpstreamError } from "../../mesh/hop/call.ts";
import { explain, type Rejection } from "../../mesh/rejection.ts";
import { type Place, problemBody } from "../problem.ts";
import { META } from "./meta.ts";

/** Characters of an upstream's message that are kept. */
const MESSAGE_CHARS = 1_000;

/** A refusal as the result of a call: words for the model, and the problem as the HTTP API has it for programs. */
export function refusalResult(rejection: Rejection, place: Place = {}): CallToolResult {
  const { chainId, hopId } = place;
  const lines = [
    `${headOf(rejection)} (${rejection.code}): ${explain(rejection)}`,
    ...evidenceOf(rejection),
    `What to do: ${adviceFor(rejection)}`,
    ...(chainId === undefined ? [] : [`chain: ${chainId}`]),
  ];
  return {
    isError: true,
    content: [{ type: "text", text: lines.join("\n") }],
    _meta: {
      [META.problem]: problemBody(rejection, place),
      ...(chainId === undefined ? {} : { [META.chainId]: chainId }),
      ...(hopId === undefined ? {} : { [META.hopId]: hopId }),
    },
  };
}

/** Whether the call was refused before it ran, was ended while it may have run, or ran and failed. */
function headOf({ code }: Rejection): "Refused" | "Stopped" | "Failed" {
  if (code === "upstream_error" || code === "internal") return "Failed";
  return code === "deadline_exceeded" || code === "chain_cancelled" ? "Stopped" : "Refused";
}

/** The numbers and names of a refusal that its sentence does not have, a line each. */
function evidenceOf(rejection: Rejection): string[] {
  switch (rejection.code) {
    case "cycle_detected":
      return [`path: ${rejection.path.join(" → ")}`, `rule: ${JSON.stringify(rejection.rule)}`];
    case "depth_exceeded":
      return [`path: ${rejection.path.join(" → ")}`, `depth: ${rejection.actual}, limit: ${rejection.limit}`];
    case "budget_exceeded": {
      const { dimension, limit, actual, available } = rejection;
      return [`${dimension}: ${actual} with this call, limit: ${limit}, available: ${available}`];
    }
    case "rate_limited":
      return [`limit: ${rejection.limit}, retry after: ${rejection.retryAfterMs} ms`];
    case "invalid_request":
    case "invalid_input":
      return (rejection.errors ?? [])
        .filter(({ detail }) => !rejection.detail.includes(detail))
        .map(({ pointer, detail }) => (pointer === "" ? detail : `${pointer}: ${detail}`));
    default:
      return [];
  }
}

/** What would be allowed. The arms are the union's: a code that is added must say here what helps. */
export function adviceFor(rejection: Rejection): string {
  const { code } = rejection;
  switch (code) {
    case "cycle_detected":
      return "answer from what you have, or call an agent that is not on the path.";
    case "depth_exceeded":
      return "answer from what you have; the agents above can still call others.";
    case "budget_exceeded":
      return rejection.dimension === "concurrency"
        ? "wait until a call has ended, then call again."
        : "finish with what you have, or start a chain with a larger budget.";
    case "deadline_exceeded":
      return "finish with what you have; a root call may set a longer 'wallMs', and an agent a longer timeout.";
    case "rate_limited":
      return `wait ${rejection.retryAfterMs} ms, then call again.`;
    case "invalid_input":
      return "call again with arguments that fit the tool's input schema.";
    case "invalid_request":
    case "payload_too_large":
    case "unsupported_media_type":
      return "change the call as said above.";
    case "agent_not_found":
    case "not_found":
    case "method_not_allowed":
      return "use a name that is listed: tools/list and mesh__find_tools have them.";
    case "agent_unavailable":
      return rejection.retryAfterMs === undefined
        ? "use another tool: this one takes no calls until its owner changes that."
        : `wait ${rejection.retryAfterMs} ms, then call again, or use another tool.`;
    case "ledger_unavailable":
    case "internal":
      return "try again in a moment.";
    case "upstream_error":
      return "mend what is said above (its input, its budget) before you call it again, or use another agent.";
    case "chain_cancelled":
    case "chain_closed":
      return "stop: nothing more can be called in this chain.";
    case "edge_forbidden":
    case "egress_denied":
    case "insufficient_scope":
    case "unauthenticated":
      return "ask for a key that may do this, or use another tool.";
    case "token_invalid":
    case "lineage_required":
      return "send the hop token of the call that you are answering, while it is open.";
    case "conflict":
    case "precondition_failed":
      return "read the state again, and decide anew.";
    case "deadlock_detected":
      return "do not wait for a call that waits for you.";
    default:
      return code satisfies never;
  }
}

/**
 * Codes whose meaning is the same one connection further: what was wrong with the call, what the client lacks, what its
 * user must do first. The protocol's other codes speak of the server's own connection, which is the mesh's.
 */
const PASSED: ReadonlySet<number> = new Set([
  ProtocolErrorCode.InvalidParams,
  ProtocolErrorCode.MissingRequiredClientCapability,
  ProtocolErrorCode.UrlElicitationRequired,
]);

/** Reserved by JSON-RPC, and within it by the protocol. */
function isReserved(code: number): boolean {
  return code >= -32_768 && code <= -32_000;
}

/** The code that a client gets for an upstream's error. */
export function passedCode(code: number): number {
  return PASSED.has(code) || !isReserved(code) ? code : ProtocolErrorCode.InternalError;
}

/** An upstream's JSON-RPC error as the client gets it: its words and data, and beside them which hop has failed. */
export function passedError({ code, message, data }: UpstreamError, rejection: Rejection, place: Place): ProtocolError {
  const problem = { [META.problem]: problemBody(rejection, place) };
  const structured = data === undefined || (typeof data === "object" && data !== null && !Array.isArray(data));
  const told = structured ? { ...data, ...problem } : data;
  return new ProtocolError(passedCode(code), withoutPrefix(message).slice(0, MESSAGE_CHARS).toWellFormed(), told);
}
