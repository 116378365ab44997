import type { Rule } from "../facts.ts";

/** A chain admits hops while it runs and before its deadline. */
export const running: Rule = ({ now, chain }) => {
  if (chain.status === "cancelled") return { code: "chain_cancelled", detail: "The chain was cancelled." };
  if (chain.status !== "running") return { code: "chain_closed", detail: `The chain has ended (${chain.status}).` };
  return now >= chain.deadlineMs
    ? { code: "deadline_exceeded", detail: `The chain's deadline passed ${now - chain.deadlineMs} ms ago.` }
    : undefined;
};
