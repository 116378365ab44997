/** Tools: every skill by the name that models call it. */
import * as z from "zod";
import { InvokeRequest } from "../../../mesh/schema.ts";
import { ToolsQuery } from "../../routes/tools.ts";
import { InvokeAnswer, ToolAnswer } from "../answers.ts";
import { call } from "../examples.ts";
import { headers } from "../headers.ts";
import { described, json, type Operation, page } from "../operation.ts";
import { invokeOperations } from "./invoke.ts";

const [invokeAgent] = invokeOperations;
const TAG = "Tools";

export const toolOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/tools",
    id: "listTools",
    tag: TAG,
    summary: "List tools",
    description:
      "Every skill of every agent, and every tool of every federated MCP server, by the name that it has over MCP. A page holds the tools of whole agents, so it may be longer or shorter than `limit`.",
    access: "read",
    params: {
      query: described(ToolsQuery, {
        cursor: "The `nextCursor` of the page before.",
        limit: "Tools on a page.",
      }),
    },
    answers: { "200": json("A page of tools.", page(ToolAnswer)) },
    problems: ["invalid_request"],
  },
  {
    method: "post",
    path: "/v1/tools/{name}/invoke",
    id: "invokeTool",
    tag: TAG,
    summary: "Call a tool",
    description:
      "As `invokeAgent`, by a tool's name. The output of a federated tool is the server's result: `content`, `structuredContent`, `isError`.",
    access: "invoke",
    params: {
      path: z.object({
        name: z
          .string()
          .max(200)
          .meta({ description: "The tool's name.", param: { example: "echo" } }),
      }),
      ...(invokeAgent?.params?.header === undefined ? {} : { header: invokeAgent.params.header }),
    },
    body: { schema: InvokeRequest, examples: { "A call": call } },
    answers: {
      "200": json("What it answered.", InvokeAnswer, { headers: headers(["Hopline-Chain"], ["Cache-Control"]) }),
    },
    problems: invokeAgent?.problems ?? [],
    chained: true,
  },
];
