/** The call graph of a chain, and that of the whole mesh. */
import * as z from "zod";
import { GRAPH_HOPS } from "../../../mesh/limits.ts";
import { integer } from "../../query.ts";
import { ChainGraphAnswer, MeshGraphAnswer } from "../answers.ts";
import { graph, mermaid } from "../examples.ts";
import { headers } from "../headers.ts";
import { described, json, type Operation } from "../operation.ts";
import { chainPath } from "./chains.ts";

const TAG = "Graph";
const ChainGraphQuery = described(
  z.object({
    format: z.enum(["json", "mermaid"]).optional(),
    cursor: z.string().min(1).max(512).optional(),
    limit: integer(1, GRAPH_HOPS).default(GRAPH_HOPS),
  }),
  {
    format: "By default what `Accept` asks for, else `json`.",
    cursor: "The `nextCursor` of the page before.",
    limit: "Hops in one answer.",
  },
);
const MeshGraphQuery = described(
  z.object({ since: integer(0, Number.MAX_SAFE_INTEGER).default(0), format: z.enum(["json"]).optional() }),
  {
    since: "Only what happened then or later, in epoch milliseconds; by the minute.",
    format: "The one that there is.",
  },
);

export const graphOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/chains/{id}/graph",
    id: "readChainGraph",
    tag: TAG,
    summary: "The call graph of a chain",
    description: `Every hop, with who called whom, how it ended, what it used, and why it was refused. Whole up to ${GRAPH_HOPS} hops; further ones by \`nextCursor\`.`,
    access: "read",
    params: { path: chainPath, query: ChainGraphQuery },
    answers: {
      "200": {
        description: "The graph.",
        headers: headers(["Hopline-Chain"]),
        content: {
          "application/json": { schema: ChainGraphAnswer, example: graph },
          "text/vnd.mermaid": { schema: z.string(), example: mermaid },
        },
      },
    },
    problems: ["invalid_request", "not_found"],
  },
  {
    method: "get",
    path: "/v1/graph",
    id: "readMeshGraph",
    tag: TAG,
    summary: "The call graph of the mesh",
    description: "An edge a pair of caller and callee: calls, errors, refusals by code, latencies, tokens and cost.",
    access: "read",
    params: { query: MeshGraphQuery },
    answers: { "200": json("The graph.", MeshGraphAnswer) },
    problems: ["invalid_request"],
  },
];
