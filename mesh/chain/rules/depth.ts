import type { Rule } from "../facts.ts";

/** Depth is the length of the ancestor path. Siblings are not depth; the root hop is depth 1. */
export const depth: Rule = ({ path, policy }, ask) => {
  const actual = path.length + 1;
  const limit = Math.min(policy.maxDepth, ask.policy?.maxDepth ?? policy.maxDepth);
  if (actual <= limit) return undefined;
  return { code: "depth_exceeded", limit, actual, path: [...path.map((step) => step.callee), ask.callee] };
};
