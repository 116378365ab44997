/** The call graph of a chain, and that of the whole mesh. */
import * as z from "zod";
import { GRAPH_HOPS } from "../../../mesh/limits.ts";
import { ChainQuery } from "../../routes/graph.ts";
import { FORMATS, type Format, MEDIA_TYPES, MESH_FORMATS } from "../../routes/graph-format.ts";
import { MeshQuery } from "../../routes/mesh-graph.ts";
import { ChainGraphAnswer, MeshGraphAnswer } from "../answers.ts";
import { dot, graph, mermaid } from "../examples.ts";
import { headers, RequestHeaders } from "../headers.ts";
import { described, type Operation } from "../operation.ts";
import { chainPath } from "./chains.ts";

const TAG = "Graph";
const named = (formats: readonly Format[]) =>
  formats.map((format) => `\`${MEDIA_TYPES[format]}\` is \`${format}\``).join(", ");

export const graphOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/chains/{id}/graph",
    id: "readChainGraph",
    tag: TAG,
    summary: "The call graph of a chain",
    description: `Every hop, with who called whom, how it ended, what it used, and why it was refused. Whole up to ${GRAPH_HOPS} hops; further ones by \`nextCursor\`, or the \`Link\` of the answer.`,
    access: "read",
    params: {
      path: chainPath,
      query: described(ChainQuery, {
        format: "By default what `Accept` likes best, else `json`.",
        view: "In pictures: every hop, or agents with their calls taken together.",
        cursor: "The `nextCursor` of the page before.",
        limit: "Hops in one answer.",
      }),
      header: z.object({ Accept: RequestHeaders.accept(`The media type: ${named(FORMATS)}.`) }),
    },
    answers: {
      "200": {
        description: "The graph.",
        headers: headers(["Hopline-Chain", "Content-Security-Policy", "Vary"], ["Link"]),
        content: {
          [MEDIA_TYPES.json]: { schema: ChainGraphAnswer, example: graph },
          [MEDIA_TYPES.mermaid]: { schema: z.string(), example: mermaid },
          [MEDIA_TYPES.dot]: { schema: z.string(), example: dot },
          [MEDIA_TYPES.svg]: { schema: z.string() },
          [MEDIA_TYPES.otlp]: {
            schema: z
              .looseObject({ resourceSpans: z.array(z.unknown()) })
              .meta({ description: "OTLP/JSON: one resource, one scope, a span a hop." }),
          },
        },
      },
    },
    problems: ["invalid_request", "not_found"],
    negotiated: true,
  },
  {
    method: "get",
    path: "/v1/graph",
    id: "readMeshGraph",
    tag: TAG,
    summary: "The call graph of the mesh",
    description:
      "An edge a pair of caller and callee: calls, errors, refusals by code, latencies, tokens and cost. At most a second behind. What was called and is no agent is one node, `?`.",
    access: "read",
    params: {
      query: described(MeshQuery, {
        since:
          "Only what happened then or later, in epoch milliseconds: to the minute within the last hour, to ten minutes within six hours, to the hour within two days, else to the day (UTC). `since` of the answer is where it begins; a week is kept.",
        agent: "Only edges from or to this agent.",
        format: "By default what `Accept` likes best, else `json`.",
      }),
      header: z.object({ Accept: RequestHeaders.accept(`The media type: ${named(MESH_FORMATS)}.`) }),
    },
    answers: {
      "200": {
        description: "The graph.",
        headers: headers(["Content-Security-Policy", "Vary"]),
        content: {
          [MEDIA_TYPES.json]: { schema: MeshGraphAnswer },
          [MEDIA_TYPES.mermaid]: { schema: z.string() },
          [MEDIA_TYPES.dot]: { schema: z.string() },
          [MEDIA_TYPES.svg]: { schema: z.string() },
        },
      },
    },
    problems: ["invalid_request"],
    negotiated: true,
  },
];
