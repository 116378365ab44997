import type { Rejection } from "../../rejection.ts";
import type { Facts, Rule } from "../facts.ts";

/** Only an open hop may call on, whatever the state of its chain: what has settled is over, and so is its token. */
export const open: Rule = ({ parent }) => openRefusal(parent);

/** The rule by itself: it comes before anything that is remembered of earlier calls. */
export function openRefusal(parent: Facts["parent"]): Rejection | undefined {
  if (parent === "open") return undefined;
  const detail =
    parent === "unknown"
      ? "The hop that this call would continue is not in the ledger."
      : `The hop that this call would continue has ended (${parent}), and its token with it: calls are made while it is open.`;
  return { code: "token_invalid", detail };
}
