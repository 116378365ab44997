import type { ChainGraph, GraphEdge } from "../lineage.ts";

/** A chain's parties and calls as a Mermaid flowchart. Names stand in quotes, escaped; nodes have ids of our own. */
export function mermaid({ nodes, edges }: ChainGraph): string {
  const ids = new Map(nodes.map((node, place) => [node.id, `n${place}`]));
  const shapes = nodes.map(({ id, kind, name }) => {
    const label = escaped(name);
    return `  ${ids.get(id)}${kind === "caller" ? `(["${label}"])` : `["${label}"]`}`;
  });
  const arrows = edges.map(
    (edge) => `  ${ids.get(edge.from)} ${arrow(edge)}|"${edgeLabel(edge)}"| ${ids.get(edge.to)}`,
  );
  return ["flowchart LR", ...shapes, ...arrows, ""].join("\n");
}

/** An edge on which nothing was admitted is dashed: the refusal is to be seen without colour. */
function arrow({ calls, rejected }: GraphEdge): string {
  return rejected === calls ? "-.->" : "-->";
}

function edgeLabel({ calls, rejected, errors }: GraphEdge): string {
  const parts = [`×${calls}`, rejected > 0 ? `${rejected} refused` : "", errors > 0 ? `${errors} failed` : ""];
  return parts.filter((part) => part !== "").join(", ");
}

/** Mermaid's own entities: everything that could end the label or be read as markup. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} .:_/-]/gu, (character) => `#${character.codePointAt(0)};`);
}
