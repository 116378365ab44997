/** Which sources are read when the hops do not suffice for all. Pure. */
import { ASSUMED, detectLanguage } from "../language/detect.ts";
import { termsIn } from "../language/terms.ts";
import { counted } from "./notes.ts";
import type { LeftOut, Source } from "./schema.ts";

/** What another reader than `reader` may use of the chain at most, with all that it calls. */
const FOREIGN_HOPS = 10;

export interface Allotment {
  readonly asked: ReadonlySet<Source>;
  readonly notAsked: readonly LeftOut[];
  /** The hops that another reader than `reader` gets. */
  readonly foreignHops: number;
}

/**
 * First those whose name has a word of the question, then the others, each at the most that it may cost. What is left
 * over is not asked for: that would only make refusals. One source is always asked for.
 *
 * @param hops are left to the desk
 * @param kept of these are for what comes after reading
 */
export function allot(question: string, sources: readonly Source[], hops: number, kept: number): Allotment {
  const foreignHops = Math.max(1, Math.min(FOREIGN_HOPS, Math.floor(hops / 4)));
  const { telling } = termsIn(detectLanguage(question) ?? ASSUMED);
  const wanted = new Set(telling(question));
  const named = ({ source }: Source): boolean => telling(source).some((term) => wanted.has(term));
  let room = hops - kept;
  const asked = new Set<Source>();
  for (const source of [...sources.filter(named), ...sources.filter((one) => !named(one))]) {
    const cost = source.reader === undefined ? 1 : foreignHops;
    if (cost > room && asked.size > 0) continue;
    asked.add(source);
    room -= cost;
  }
  const keeps = hops > kept ? `, of which the desk keeps ${kept} for ranking, summary and check` : "";
  const detail = `The chain had ${counted(hops, "hop")} left${keeps}: ${asked.size} of ${sources.length} sources ${asked.size === 1 ? "was" : "were"} asked for.`;
  const left = sources.filter((source) => !asked.has(source));
  return {
    asked,
    notAsked: left.map(({ source }) => ({ what: "source", name: source, code: "budget_exceeded", detail })),
    foreignHops,
  };
}
