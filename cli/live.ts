/** A chain as its events tell it. Pure. */

import { statusStyle, statusText } from "../mesh/chain/render/status.ts";
import type { Paint } from "../mesh/chain/render/terminal.ts";
import { visible } from "../mesh/chain/render/text.ts";
import { hopTime, nameOf, noteOf, renderTree, type TreeHop } from "../mesh/chain/render/tree.ts";
import { cost, counted, duration } from "../mesh/chain/render/words.ts";
import type { Chain, HopEvent } from "./client.ts";

/** One line: when, what became of the hop, who called whom, how long it took, and why it ended so. */
export function eventLine(event: HopEvent, paint: Paint): string {
  const cells = [
    paint("dim", clock(event.at)),
    paint(statusStyle(event.status), statusText(event.status).padEnd(STATUS_WIDTH)),
    `${visible(event.caller)} → ${nameOf(event)}`,
    hopTime(event),
    paint(statusStyle(event.status), noteOf(event)),
  ];
  return cells.filter((cell) => cell !== "").join("  ");
}

const STATUS_WIDTH = "⊘ cancelled".length;

/** Local time to the millisecond. */
function clock(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const seconds = `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`;
}

/** The chain's own line: its id, its status, what it has used. */
export function chainLine(chain: Chain, now: number, paint: Paint): string {
  const { chainId, status, startedAt, endedAt, spent } = chain;
  const took = Math.max(0, (endedAt ?? now) - startedAt);
  const used = usedText({ hops: spent.hops ?? 0, tokens: spent.tokens ?? 0, costMicros: spent.costMicros ?? 0, took });
  return `chain ${visible(chainId)}  ${paint(statusStyle(status), statusText(status))}  ${used}`;
}

interface Used {
  readonly hops: number;
  readonly tokens: number;
  readonly costMicros: number;
  /** Milliseconds. */
  readonly took: number;
}

/** `3 hops  1,240 tokens  $0.0012  1.2 s`; what was not used is left out. */
export function usedText({ hops, tokens, costMicros, took }: Used): string {
  const parts = [
    counted(hops, "hop"),
    tokens > 0 ? counted(tokens, "token") : "",
    costMicros > 0 ? cost(costMicros) : "",
    duration(took),
  ];
  return parts.filter((part) => part !== "").join("  ");
}

/** The hops that events have told of, each as it was last. */
export class LiveTree {
  readonly #hops = new Map<string, TreeHop>();

  add(event: HopEvent): void {
    this.#hops.set(event.hopId, event);
  }

  lines(options: { readonly now: number; readonly mostLines: number; readonly paint: Paint }): string[] {
    return renderTree([...this.#hops.values()], options);
  }
}
