/** What sick agents cost the healthy ones, as Markdown. */
import { median, quantile } from "./measure.ts";
import { mark, provenance, table, whole } from "./report.ts";

/** How long calls of healthy agents took in one round, in milliseconds: without the sick, and beside them. */
export interface Round {
  readonly alone: readonly number[];
  readonly beside: readonly number[];
}

/** The p99 beside the sick is at most so many times that without them. */
export const TARGET = 2;

/** Of one round: its halves follow each other, so what the machine does meanwhile is in both. */
export function ratio({ alone, beside }: Round): number {
  return quantile(beside, 0.99) / quantile(alone, 0.99);
}

export function summary(rounds: readonly Round[]): string {
  const rows = rounds.map((round, place) => {
    const cells = (times: readonly number[]) => [
      whole(times.length),
      quantile(times, 0.5).toFixed(2),
      quantile(times, 0.99).toFixed(2),
    ];
    return [String(place + 1), ...cells(round.alone), ...cells(round.beside), ratio(round).toFixed(2)];
  });
  const head = [
    ...["round", "calls alone", "p50 ms", "p99 ms"],
    ...["calls beside the sick", "p50 ms", "p99 ms", "p99 ratio"],
  ];
  const ratios = rounds.map(ratio);
  const middle = median(ratios);
  const spread = `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  return `${table(head, rows)}

p99 beside the sick ÷ alone: median of the rounds ${middle.toFixed(2)} ≤ ${TARGET} ${mark(middle <= TARGET)}, spread ${spread}`;
}

export function resultsPage(parts: { command: string; seconds: number; rounds: readonly Round[] }): string {
  return `# Sick agents beside healthy ones

Written by \`npm run bench:sick\`. What is shown: a slow, a dead, an endless, a dripping and a flapping callee delay no other hop.

${provenance(parts.command)}

Twenty healthy http agents over four connections; for one half of each round five sick ones are called all the time as well, each by
a caller of its own. A half takes ${parts.seconds} s; which comes first alternates.

${summary(parts.rounds)}
`;
}
