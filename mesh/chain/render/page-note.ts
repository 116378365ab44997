/** What every picture says about itself: which chain, how it went, and which part of it this is. */
import type { ChainStatus } from "../facts.ts";
import type { GraphPage } from "../lineage.ts";
import { cost, counted, duration, grouped } from "./words.ts";

/** How a hop or an agent is drawn. */
export const VIEWS = ["hops", "agents"] as const;
export type View = (typeof VIEWS)[number];

/** @example "Chain 1000…, done: 23 hops, 1.2 s, $0.02" */
export function headline({ chain }: GraphPage): { readonly id: string; readonly status: ChainStatus; facts: string[] } {
  const { chainId, status, startedAt, endedAt, spent } = chain;
  const refused = chain.hops.rejected;
  const facts = [
    counted(allHops(chain), "hop"),
    refused === 0 ? "" : `${grouped(refused)} refused`,
    endedAt === null ? "" : duration(endedAt - startedAt),
    spent.costMicros === 0 ? "" : cost(spent.costMicros),
    spent.tokens === 0 ? "" : counted(spent.tokens, "token"),
  ];
  return { id: chainId, status, facts: facts.filter((fact) => fact !== "") };
}

/** Which part of the chain a page holds; undefined when it holds all. */
export function pageNote({ graph, chain, later, nextCursor }: GraphPage): string | undefined {
  if (!later && nextCursor === undefined) return countedOnly(allHops(chain) - graph.hops.length);
  const shown = grouped(graph.hops.length);
  const all = counted(allHops(chain), "hop");
  if (nextCursor === undefined) return `The last ${shown} of ${all}; the others stand on earlier pages.`;
  const which = later ? `${shown} of ${all}, after those of earlier pages` : `The first ${shown} of ${all}`;
  return `${which}; the next page is cursor=${nextCursor}`;
}

/** A chain keeps rows of its first refused calls, and counts the others. */
function countedOnly(hops: number): string | undefined {
  return hops > 0
    ? `${counted(hops, "further refused call")} of this chain ${hops === 1 ? "was" : "were"} only counted.`
    : undefined;
}

/** Those included that were refused and only counted. */
function allHops({ hops }: GraphPage["chain"]): number {
  return Object.values(hops).reduce((sum, some) => sum + some, 0);
}
