/** The tree of hops, from left to right: depth across, siblings down. */
import { type HierarchyNode, hierarchy, partition, tree } from "d3-hierarchy";
import { SVG_HOPS } from "../../../limits.ts";
import type { HopStatus } from "../../facts.ts";
import type { GraphPage } from "../../lineage.ts";
import { collapsed, hopTree, type TreeNode, walk } from "../hop-tree.ts";
import { type Card, cardOf, drawCard, refusalWidth } from "./card.ts";
import type { Drawing, KeyEntry } from "./frame.ts";
import { icon } from "./icons.ts";
import { branches, curves, GAP } from "./lines.ts";

/** Rows of two lines up to this many nodes, then of one. */
const ROOMY_NODES = 60;
/** Leaves up to which a caller stands in the middle of what it called; then above it, where reading begins. */
const CENTRED_LEAVES = 24;

interface Placed {
  readonly node: TreeNode;
  readonly card: Card;
  readonly depth: number;
  /** In rows, from the top. */
  readonly row: number;
  readonly parent: Placed | undefined;
}

export function drawHops({ graph }: GraphPage): Drawing {
  const { root, folded } = fewEnough(hopTree(graph));
  const nodes = walk(root).length;
  const roomy = nodes <= ROOMY_NODES;
  const height = roomy ? 42 : 24;
  const pitch = roomy ? 54 : 30;
  const { placed, hangs } = place(root, roomy);
  const columns = columnsOf(placed);
  const boxOf = ({ depth, row }: Placed) => ({ ...(columns[depth] ?? { x: 0, width: 0 }), y: row * pitch, height });
  const cards = placed.map((one) => drawCard(one.card, boxOf(one), roomy));
  const families = Map.groupBy(placed.slice(1), (one) => one.parent);
  const lines = [...families].flatMap(([parent, children]) => {
    if (parent === undefined) return [];
    const ends = children.map((child) => ({
      box: boxOf(child),
      refusal: child.card.refusal,
      room: refusalRoom(child),
    }));
    return hangs ? branches(boxOf(parent), ends) : curves(boxOf(parent), ends);
  });
  const bottom = placed.reduce((most, { row }) => Math.max(most, row * pitch + height), 0);
  const last = columns.at(-1) ?? { x: 0, width: 0 };
  const note = folded ? "Calls that were alike are drawn as one, with all that they called." : undefined;
  return {
    width: last.x + last.width,
    height: bottom,
    markup: [...lines, ...cards].join("\n"),
    key: keyOf(graph),
    ...(note === undefined ? {} : { note }),
  };
}

function fewEnough(tree: TreeNode): { readonly root: TreeNode; readonly folded: boolean } {
  const leaves = collapsed(tree, "leaves");
  if (walk(leaves).length <= SVG_HOPS) return { root: leaves, folded: false };
  return { root: collapsed(tree, "subtrees"), folded: true };
}

/** Rows by d3's tidy tree; where that would put the root far down, by its partition, which begins at the top. */
function place(root: TreeNode, roomy: boolean): { readonly placed: readonly Placed[]; readonly hangs: boolean } {
  const top = hierarchy(root, (node) => node.children);
  const rows = new Map<HierarchyNode<TreeNode>, number>();
  const hangs = top.leaves().length > CENTRED_LEAVES;
  if (!hangs) {
    const tidy = tree<TreeNode>()
      .nodeSize([1, 1])
      .separation((a, b) => (a.parent === b.parent ? 1 : 1.3))(top);
    const least = Math.min(...tidy.descendants().map((node) => node.x));
    for (const node of tidy.descendants()) rows.set(node, node.x - least);
  } else {
    // What a caller has of its own keeps its calls apart from the next one's.
    top.sum((node) => (node.children.length === 0 ? 1 : 0.35));
    const cut = partition<TreeNode>().size([top.value ?? 1, 1])(top);
    for (const node of cut.descendants()) rows.set(node, node.x0);
  }
  const placed = new Map<HierarchyNode<TreeNode>, Placed>();
  for (const node of top) {
    const parent = node.parent === null ? undefined : placed.get(node.parent);
    const one = {
      node: node.data,
      card: cardOf(node.data, roomy),
      depth: node.depth,
      row: rows.get(node) ?? 0,
      parent,
    };
    placed.set(node, one);
  }
  return { placed: [...placed.values()], hangs };
}

/** Every level is as wide as its widest card, and stands off by what its refusals have to say. */
function columnsOf(placed: readonly Placed[]): { readonly x: number; readonly width: number }[] {
  const levels = Map.groupBy(placed, (one) => one.depth);
  let x = 0;
  return [...levels.entries()]
    .sort(([a], [b]) => a - b)
    .map(([depth, level]) => {
      const room = level.reduce((most, one) => Math.max(most, refusalRoom(one)), 0);
      x += depth === 0 ? 0 : GAP + room;
      const width = level.reduce((most, one) => Math.max(most, one.card.width), 0);
      const column = { x, width };
      x += width;
      return column;
    });
}

function refusalRoom({ card }: Placed): number {
  const width = refusalWidth(card);
  return width === 0 ? 0 : width + 8;
}

/** What the picture has of each status, as sign and word. */
function keyOf({ hops }: GraphPage["graph"]): KeyEntry[] {
  const statuses = new Set(hops.map((hop) => hop.status));
  return KEY_ORDER.filter((status) => statuses.has(status)).map((status) => ({
    sign: icon(status, 7, 0),
    width: 14,
    word: status,
  }));
}

const KEY_ORDER: readonly HopStatus[] = ["done", "open", "error", "rejected", "lost", "cancelled"];
