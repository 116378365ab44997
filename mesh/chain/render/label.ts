/** What a picture says about one hop, or about several that are drawn as one. */
import type { GraphHop } from "../lineage.ts";
import { shownName, visible } from "./text.ts";
import { cost, counted, duration, grouped } from "./words.ts";

/** Hops that are drawn as one; at least one. */
export type Hops = readonly [GraphHop, ...GraphHop[]];

/** Characters of a name that a picture shows; all of it stands in the JSON. */
const NAME_CHARS = 63;
const DETAIL_CHARS = 400;

/** `agent/skill`; an agent's only skill is often named as itself. */
export function nameOf({ callee, skill }: GraphHop): string {
  const agent = shownName(callee, NAME_CHARS);
  return skill === "" || skill === callee ? agent : `${agent}/${visible(skill, NAME_CHARS)}`;
}

/** `×37`, or nothing for one. */
export function timesOf(hops: Hops): string {
  return hops.length === 1 ? "" : `×${grouped(hops.length)}`;
}

/** How the hops went and what they took, as short phrases: status if not done, code, duration, cost, tokens, retries. */
export function phrasesOf(hops: Hops): string[] {
  const [{ status, code }] = hops;
  const retries = sum(hops, (hop) => hop.attempt - 1);
  const late = hops.filter((hop) => hop.late).length;
  const micros = sum(hops, (hop) => hop.usage.costMicros);
  const tokens = sum(hops, (hop) => hop.usage.tokens);
  return [
    status === "done" || status === "rejected" || (status === "error" && code !== null) ? "" : status,
    code ?? "",
    status === "rejected" ? "" : took(hops),
    micros === 0 ? "" : cost(micros),
    tokens === 0 ? "" : counted(tokens, "token"),
    retries === 0 ? "" : retries === 1 ? "1 retry" : `${grouped(retries)} retries`,
    late === 0 ? "" : late === hops.length ? "late" : `${late} late`,
  ].filter((phrase) => phrase !== "");
}

/** `85 ms`, or `12 ms – 85 ms`. Hops that have not ended have no duration yet. */
export function took(hops: readonly GraphHop[]): string {
  const times = hops.filter((hop) => hop.endedAt !== null).map((hop) => hop.usage.wallMs);
  if (times.length === 0) return "";
  const [least, most] = times.reduce(([low, high], time) => [Math.min(low, time), Math.max(high, time)], [
    Number.POSITIVE_INFINITY,
    0,
  ] as [number, number]);
  const [from, to] = [duration(least), duration(most)];
  return from === to ? to : `${from} – ${to}`;
}

/** Everything about the hops that a picture has no room for, a line each. */
export function tooltipOf(hops: Hops): string[] {
  const [first] = hops;
  const ids = hops.length === 1 ? `hop ${first.hopId}` : `${counted(hops.length, "hop")}, the first ${first.hopId}`;
  return [
    [nameOf(first), timesOf(hops), first.status].filter((part) => part !== "").join(" "),
    phrasesOf(hops).join(" · "),
    first.path.map((name) => shownName(name, NAME_CHARS)).join(" → "),
    first.detail === null ? "" : visible(first.detail, DETAIL_CHARS),
    ids,
  ].filter((line) => line !== "");
}

export function sum(hops: readonly GraphHop[], of: (hop: GraphHop) => number): number {
  return hops.reduce((total, hop) => total + of(hop), 0);
}
