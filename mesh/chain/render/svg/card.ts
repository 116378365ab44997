/** One node of a drawing: a box with its status, its name and what it took. */
import type { HopStatus } from "../../facts.ts";
import type { TreeNode } from "../hop-tree.ts";
import { nameOf, phrasesOf, timesOf, tooltipOf } from "../label.ts";
import { kindWord, pathOf } from "../parts.ts";
import { shownName } from "../text.ts";
import { icon } from "./icons.ts";
import { fitted, monoWidth, sansWidth } from "./measure.ts";
import { NAME_SIZE, SMALL_SIZE } from "./style.ts";
import { px, titleTag, xml } from "./xml.ts";

export interface Card {
  readonly look: HopStatus | "caller" | "earlier" | "agent" | "rest";
  /** Agents have round corners, tools and models square ones. */
  readonly round: boolean;
  readonly name: string;
  readonly times: string;
  readonly words: string;
  /** The code of the rule that refused the call; empty when it was granted. */
  readonly refusal: string;
  readonly tooltip: readonly string[];
  readonly width: number;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const PAD = 12;
const ICON = 20;
const BETWEEN = 8;
const NAME_MOST = 320;
const WORDS_MOST = 380;
const LEAST = 88;

type Content = Omit<Card, "width" | "name" | "words"> & { readonly name: string; readonly words: string };

export function cardOf(node: TreeNode, roomy: boolean): Card {
  return sized(contentOf(node), roomy);
}

function contentOf(node: TreeNode): Content {
  switch (node.what) {
    case "caller":
      return {
        look: "caller",
        round: true,
        name: shownName(node.name, 64),
        times: "",
        words: "caller",
        refusal: "",
        tooltip: [],
      };
    case "earlier":
      return {
        look: "earlier",
        round: true,
        name: pathOf(node.path),
        times: "",
        words: "on an earlier page",
        refusal: "",
        tooltip: [],
      };
    case "calls": {
      const [first] = node.hops;
      const refusal = first.status === "rejected" ? (first.code ?? "rejected") : "";
      const phrases = phrasesOf(node.hops).filter((phrase) => phrase !== refusal);
      const words = [kindWord(first), refusal === "" ? "" : "refused", ...phrases].filter((word) => word !== "");
      return {
        look: first.status,
        round: first.kind === "agent",
        name: nameOf(first),
        times: timesOf(node.hops),
        words: words.join(" · "),
        refusal,
        tooltip: tooltipOf(node.hops),
      };
    }
    default:
      return node satisfies never;
  }
}

/** A card as wide as its text needs. */
export function sized(content: Content, roomy: boolean): Card {
  const name = fitted(content.name, NAME_MOST, mono);
  const words = fitted(content.words, WORDS_MOST, sans);
  const title = mono(name) + (content.times === "" ? 0 : BETWEEN + mono(content.times));
  const text = roomy ? Math.max(title, sans(words)) : title + (words === "" ? 0 : BETWEEN + 4 + sans(words));
  return { ...content, name, words, width: Math.ceil(Math.max(LEAST, 2 * PAD + indentOf(content) + text)) };
}

const mono = (text: string) => monoWidth(text, NAME_SIZE);
const sans = (text: string) => sansWidth(text, SMALL_SIZE);

function statusOf({ look }: Pick<Card, "look">): HopStatus | undefined {
  return look === "caller" || look === "earlier" || look === "agent" || look === "rest" ? undefined : look;
}

function indentOf(card: Pick<Card, "look">): number {
  return statusOf(card) === undefined ? 0 : ICON;
}

/** Room that the refusal's name takes on the line before its card. */
export function refusalWidth({ refusal }: Card): number {
  return refusal === "" ? 0 : Math.ceil(monoWidth(refusal, SMALL_SIZE)) + 12;
}

export function drawCard(card: Card, { x, y, width, height }: Box, roomy: boolean): string {
  const status = statusOf(card);
  const left = x + PAD + indentOf(card);
  const middle = y + height / 2;
  const radius = card.look === "caller" ? height / 2 : card.round ? 7 : 1;
  const rect = `<rect class="box ${card.look}" x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${height}" rx="${radius}"/>`;
  const times = card.times === "" ? "" : `<tspan class="times" dx="${BETWEEN}">${xml(card.times)}</tspan>`;
  const name = `<text class="name" x="${px(left)}" y="${px(roomy && card.words !== "" ? y + 18 : middle + 4.5)}">${xml(card.name)}${times}</text>`;
  const after = left + mono(card.name) + (card.times === "" ? 0 : BETWEEN + mono(card.times)) + BETWEEN + 4;
  const words =
    card.words === ""
      ? ""
      : `<text class="muted" x="${px(roomy ? left : after)}" y="${px(roomy ? y + 33 : middle + 4)}">${xml(card.words)}</text>`;
  const sign = status === undefined ? "" : icon(status, x + PAD + 6, roomy ? y + height / 2 : middle);
  const title = card.tooltip.length === 0 ? "" : titleTag(card.tooltip);
  return `<g>${title}${rect}${sign}${name}${words}</g>`;
}
