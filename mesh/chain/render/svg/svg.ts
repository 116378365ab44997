/** A chain as a picture that stands alone: no script, nothing from elsewhere. */
import type { GraphPage } from "../../lineage.ts";
import { agentGraph } from "../agents.ts";
import type { View } from "../page-note.ts";
import { drawAgents } from "./agents.ts";
import { frame } from "./frame.ts";
import { drawHops } from "./hops.ts";

export function svg(page: GraphPage, view: View): string {
  switch (view) {
    case "hops":
      return frame(page, drawHops(page));
    case "agents":
      return frame(
        page,
        drawAgents((most) => agentGraph(page.graph, most)),
      );
    default:
      return view satisfies never;
  }
}
