/** Where the cards of a chain's call graph stand: depth across, siblings down, alike calls as one. Pure. */
import { type HierarchyNode, hierarchy, partition, tree } from "d3-hierarchy";
import type { GraphHop } from "../../../mesh/chain/lineage.ts";
import { collapsed, hopTree, type TreeNode, walk } from "../../../mesh/chain/render/hop-tree.ts";
import { type Card, cardOf, refusalWidth } from "../../../mesh/chain/render/svg/card.ts";
import { GAP } from "../../../mesh/chain/render/svg/lines.ts";
import { SVG_HOPS } from "../../../mesh/limits.ts";

export interface PlacedCard {
  /** The id of its first hop; `caller` for who started the chain. */
  readonly id: string;
  readonly parent: PlacedCard | undefined;
  readonly hops: readonly GraphHop[];
  readonly hasChildren: boolean;
  /** 1 for who started the chain. */
  readonly level: number;
  readonly card: Card;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** Every caller before what it called, siblings in the order of their calls. */
  readonly cards: readonly PlacedCard[];
  readonly width: number;
  readonly height: number;
  /** Whether cards have two lines. */
  readonly isRoomy: boolean;
  /** Whether callers stand above what they called, and not in the middle of it. */
  readonly hangs: boolean;
  /** Whether calls that had called on are drawn as one as well. */
  readonly isFolded: boolean;
}

export const CALLER = "caller";

/** Cards of two lines up to this many, then of one. */
const ROOMY_CARDS = 60;
/** Leaves up to which a caller stands in the middle of what it called. */
const CENTRED_LEAVES = 24;

/** @param isNarrow whether there is little room across: reading then begins at the top left, and goes on downwards */
export function layoutOf(hops: readonly GraphHop[], principal: string, isNarrow = false): Layout {
  const { root, isFolded } = fewEnough(treeOf(hops, principal));
  const isRoomy = walk(root).length <= ROOMY_CARDS;
  const height = isRoomy ? 42 : 24;
  const pitch = isRoomy ? 52 : 30;
  const top = hierarchy(root, (node) => node.children);
  const hangs = isNarrow || top.leaves().length > CENTRED_LEAVES;
  const rows = hangs ? hangingRows(top) : centredRows(top);
  const texts = new Map(top.descendants().map((node) => [node, cardOf(node.data, isRoomy)]));
  const columns = columnsOf(top, texts);
  const placed = new Map<HierarchyNode<TreeNode>, PlacedCard>();
  top.eachBefore((node) => {
    const { x, width } = columns[node.depth] ?? { x: 0, width: 0 };
    placed.set(node, {
      id: idOf(node.data),
      parent: node.parent === null ? undefined : placed.get(node.parent),
      hops: node.data.what === "calls" ? node.data.hops : [],
      hasChildren: node.children !== undefined,
      level: node.depth + 1,
      card: texts.get(node) ?? cardOf(node.data, isRoomy),
      x,
      y: (rows.get(node) ?? 0) * pitch,
      width,
      height,
    });
  });
  const cards = [...placed.values()];
  const last = columns.at(-1) ?? { x: 0, width: 0 };
  const bottom = cards.reduce((most, { y }) => Math.max(most, y + height), 0);
  return { cards, width: last.x + last.width, height: bottom, isRoomy, hangs, isFolded };
}

function treeOf(hops: readonly GraphHop[], principal: string): TreeNode {
  const nodes = [{ id: CALLER, kind: "caller", name: principal }] as const;
  return hopTree({ chainId: "", status: "running", nodes, edges: [], hops });
}

function fewEnough(whole: TreeNode): { readonly root: TreeNode; readonly isFolded: boolean } {
  const leaves = collapsed(whole, "leaves");
  if (walk(leaves).length <= SVG_HOPS) return { root: leaves, isFolded: false };
  return { root: collapsed(whole, "subtrees"), isFolded: true };
}

function idOf(node: TreeNode): string {
  switch (node.what) {
    case "caller":
      return CALLER;
    case "earlier":
      return `earlier ${node.path.join("/")}`;
    case "calls":
      return node.hops[0].hopId;
    default:
      return node satisfies never;
  }
}

type Rows = ReadonlyMap<HierarchyNode<TreeNode>, number>;

function centredRows(top: HierarchyNode<TreeNode>): Rows {
  const tidy = tree<TreeNode>()
    .nodeSize([1, 1])
    .separation((a, b) => (a.parent === b.parent ? 1 : 1.3))(top);
  const least = tidy.descendants().reduce((low, { x }) => Math.min(low, x), Number.POSITIVE_INFINITY);
  return new Map(tidy.descendants().map((node) => [node, node.x - least]));
}

function hangingRows(top: HierarchyNode<TreeNode>): Rows {
  // What a caller has of its own keeps its calls apart from the next one's.
  top.sum((node) => (node.children.length === 0 ? 1 : 0.35));
  const cut = partition<TreeNode>().size([top.value ?? 1, 1])(top);
  return new Map(cut.descendants().map((node) => [node, node.x0]));
}

/** Every level is as wide as its widest card, and stands off by what its refusals have to say. */
function columnsOf(top: HierarchyNode<TreeNode>, texts: ReadonlyMap<HierarchyNode<TreeNode>, Card>) {
  const levels: { width: number; room: number }[] = [];
  top.each((node) => {
    const card = texts.get(node);
    const level = levels[node.depth] ?? { width: 0, room: 0 };
    levels[node.depth] = level;
    if (card === undefined) return;
    const refusal = refusalWidth(card);
    level.width = Math.max(level.width, card.width);
    level.room = Math.max(level.room, refusal === 0 ? 0 : refusal + 8);
  });
  let x = 0;
  return levels.map(({ width, room }, depth) => {
    x += depth === 0 ? 0 : GAP + room;
    const column = { x, width };
    x += width;
    return column;
  });
}
