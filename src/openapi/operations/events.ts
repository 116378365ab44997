/** The events of a chain as they happen. */
import * as z from "zod";
import { events } from "../examples.ts";
import { headers, RequestHeaders } from "../headers.ts";
import { eventMedia, type Operation } from "../operation.ts";
import { chainPath } from "./chains.ts";

export const eventOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/chains/{id}/events",
    id: "followChain",
    tag: "Chains",
    summary: "Follow a chain",
    description: `Server-sent events, from the chain's first on: \`hop\` whenever something happens to a hop, with a HopEvent as \`data\` and its number as \`id\`. A client that comes back with \`Last-Event-ID\` misses none and gets none twice. When the chain has ended, \`chain\` brings the chain as it ended, and the stream is closed. A chain that has ended long ago is told in the same way.

Comments keep the connection open meanwhile. A client that leaves does not stop the chain.`,
    access: "read",
    params: { path: chainPath, header: z.object({ "Last-Event-ID": RequestHeaders.lastEventId }) },
    answers: {
      "200": {
        description: "The events.",
        headers: headers(["Hopline-Chain", "Cache-Control"]),
        content: { "text/event-stream": eventMedia({ hop: "HopEvent", chain: "Chain" }, events) },
      },
    },
    problems: ["invalid_request", "not_found"],
  },
];
