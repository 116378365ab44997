/** THE table of codes, and how a rejection becomes an RFC 9457 body. */
import { explain, type Rejection, type RejectionCode } from "../mesh/rejection.ts";

interface Entry {
  readonly status: number;
  readonly title: string;
  /** Whether the same request may succeed later, unchanged. */
  readonly retryable: boolean;
}

export const PROBLEMS = {
  invalid_request: { status: 400, title: "The request is not well formed", retryable: false },
  unauthenticated: { status: 401, title: "No valid key", retryable: false },
  token_invalid: { status: 401, title: "The hop token is not valid", retryable: false },
  budget_exceeded: { status: 402, title: "The call does not fit the budget", retryable: false },
  edge_forbidden: { status: 403, title: "This caller may not call this callee", retryable: false },
  egress_denied: { status: 403, title: "The address may not be reached", retryable: false },
  lineage_required: { status: 403, title: "The call must continue its chain", retryable: false },
  insufficient_scope: { status: 403, title: "The key may not do this", retryable: false },
  agent_not_found: { status: 404, title: "No such agent", retryable: false },
  not_found: { status: 404, title: "Not found", retryable: false },
  method_not_allowed: { status: 405, title: "The resource has no such method", retryable: false },
  chain_cancelled: { status: 409, title: "The chain was cancelled", retryable: false },
  chain_closed: { status: 409, title: "The chain has ended", retryable: false },
  conflict: { status: 409, title: "The request is in conflict with an earlier one", retryable: false },
  deadlock_detected: { status: 409, title: "The call would wait for itself", retryable: false },
  precondition_failed: { status: 412, title: "The resource has changed", retryable: false },
  payload_too_large: { status: 413, title: "The body is too large", retryable: false },
  unsupported_media_type: { status: 415, title: "The body's media type is not supported", retryable: false },
  invalid_input: { status: 422, title: "The input does not fit the skill's schema", retryable: false },
  rate_limited: { status: 429, title: "Too many calls", retryable: true },
  internal: { status: 500, title: "The mesh has failed", retryable: true },
  upstream_error: { status: 502, title: "The agent has failed", retryable: false },
  agent_unavailable: { status: 503, title: "The agent takes no calls now", retryable: true },
  ledger_unavailable: { status: 503, title: "The ledger can't be reached", retryable: true },
  deadline_exceeded: { status: 504, title: "The deadline has passed", retryable: false },
  cycle_detected: { status: 508, title: "The call would close a loop", retryable: false },
  depth_exceeded: { status: 508, title: "The chain is too deep", retryable: false },
} as const satisfies Record<RejectionCode, Entry>;

export interface Place {
  readonly chainId?: string | undefined;
  readonly hopId?: string | undefined;
}

/** The body of a problem: the code's standing parts, the sentence, the place, and the rejection's evidence. */
export function problemBody(rejection: Rejection, { chainId, hopId }: Place = {}): Record<string, unknown> {
  const { code, ...evidence } = rejection;
  const { status, title, retryable } = PROBLEMS[code];
  const gauge = rejection.code === "budget_exceeded" && rejection.dimension === "concurrency";
  const lasts = code === "agent_unavailable" && retryAfterMs(rejection) === undefined;
  return {
    type: `urn:hopline:problem:${code}`,
    title,
    status,
    code,
    ...evidence,
    detail: explain(rejection),
    ...(chainId === undefined ? {} : { chainId }),
    ...(hopId === undefined ? {} : { hopId }),
    // An agent that no time is known of takes calls again when its owner says so, not by being called.
    retryable: (retryable && !lasts) || gauge,
  };
}

/** A rejection as an answer, with the header fields that its code asks for. */
export function problemResponse(rejection: Rejection, place: Place = {}, extra: Record<string, string> = {}): Response {
  const { status } = PROBLEMS[rejection.code];
  const body = problemBody(rejection, place);
  const headers: Record<string, string> = { "content-type": "application/problem+json", ...extra };
  if (place.chainId !== undefined) headers["hopline-chain"] = place.chainId;
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="hopline"';
  const seconds = Math.max(1, Math.ceil((retryAfterMs(rejection) ?? 0) / 1_000));
  const { retryable } = body;
  if ((status === 503 || status === 429) && retryable === true) headers["retry-after"] = String(seconds);
  if (rejection.code === "rate_limited") {
    headers["ratelimit-policy"] = `"concurrency";q=${rejection.limit}`;
    headers.ratelimit = `"concurrency";r=0;t=${seconds}`;
  }
  return new Response(JSON.stringify(body), { status, headers });
}

function retryAfterMs(rejection: Rejection): number | undefined {
  return "retryAfterMs" in rejection ? rejection.retryAfterMs : undefined;
}

/** Refuses a request from anywhere within a route; the app's one `onError` answers it. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly rejection: Rejection;
  readonly place: Place;
  readonly headers: Record<string, string>;

  constructor(rejection: Rejection, options: { place?: Place; headers?: Record<string, string> } = {}) {
    super(rejection.code);
    this.rejection = rejection;
    this.place = options.place ?? {};
    this.headers = options.headers ?? {};
  }
}
