/** Whose request a session gets, as the Worker that has authenticated it says. */
import type { HopClaims } from "../hop/token.ts";
import type { Scope } from "../schema.ts";

/** Set by the Worker on what it passes on; a session is reached by nobody else. */
export const CALLER_HEADER = "hopline-session-caller";

export interface SessionCaller {
  readonly sessionId: string;
  readonly mesh: string;
  readonly principal: string;
  readonly scopes: readonly Scope[];
  readonly hop?: HopClaims | undefined;
  readonly deployment: boolean;
  /** The call that this request goes on with: it has begun already, and is now to be answered by a stream. */
  readonly begun?: number | undefined;
}
