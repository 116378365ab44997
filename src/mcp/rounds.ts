/**
 * A call without a session that is answered by questions is made again with the answers: further rounds of one matter. What
 * the client brings back is the mesh's own state, sealed and bound to who called what; the server's is in it, and goes back
 * as it came. Each round is a chain: it is linked to the one before, and has what that one left of its budget.
 */
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { Budget } from "../../mesh/budget.ts";
import type { ChainView } from "../../mesh/chain/views.ts";
import { COUNTED, ROUND_STATE_MS } from "../../mesh/limits.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import type { Identity } from "../auth.ts";

/** Where the rounds of a matter stand. */
export interface Round {
  /** The chains of its first and of its latest round, and that one's hop. */
  readonly first: string;
  readonly last: string;
  readonly hopId: string;
  /** How many there have been. */
  readonly count: number;
  /** The server's own state, if it has given one. */
  readonly state?: string | undefined;
}

interface Sealed extends Round {
  readonly principal: string;
  readonly tool: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export async function sealRound({ mesh, principal }: Identity, tool: string, round: Round): Promise<string> {
  const sealed: Sealed = { ...round, principal, tool, expiresAt: mesh.now() + ROUND_STATE_MS };
  return (await mesh.keyring()).rounds.seal(sealed);
}

/** @throws {ProtocolError} for a state that is not ours, or of somebody else, or for another tool, or too old */
export async function openRound({ mesh, principal }: Identity, tool: string, state: string): Promise<Round> {
  const opened = (await mesh.keyring()).rounds.open(state) as Sealed | undefined;
  if (
    opened === undefined ||
    opened.principal !== principal ||
    opened.tool !== tool ||
    opened.expiresAt <= mesh.now()
  ) {
    const words = "This requestState is not one of this call's, or it has expired: call anew without it.";
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, words, { reason: "invalid_request_state" });
  }
  return opened;
}

/** What a further round may use: what it asks for, and no more than the one before has left. */
export async function budgetAfter(mesh: Mesh, { last }: Round, asked: Budget | undefined): Promise<Budget | undefined> {
  const ledger = await mesh.ledgerOf(last);
  const before = (await ledger?.read(last)) as ChainView | undefined;
  // A chain that was deleted since has nothing more to say.
  return before === undefined ? asked : leftOf(before, asked);
}

/** @param asked what the further round's own request asks for */
export function leftOf(
  { limits, spent, overrun }: Pick<ChainView, "limits" | "spent" | "overrun">,
  asked: Budget = {},
): Budget {
  const left = COUNTED.map((dimension) => {
    const rest = Math.max(0, limits[dimension] - spent[dimension] - overrun[dimension]);
    return [dimension, Math.min(rest, asked[dimension] ?? rest)] as const;
  });
  const { concurrency, wallMs } = limits;
  // Nobody waits while the client thinks: a round has a time of its own.
  return { concurrency, wallMs, ...asked, ...Object.fromEntries(left) };
}

/** The chain before, as a trace that this one comes from. */
export function traceOf({ last, hopId }: Round): string {
  return `00-${last}-${hopId}-01`;
}
