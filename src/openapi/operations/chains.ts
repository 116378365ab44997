/** Chains: search, read, delete, cancel. */
import * as z from "zod";
import { CHAIN_ID } from "../../../mesh/ids.ts";
import { RETENTION_MS } from "../../../mesh/limits.ts";
import { ListQuery } from "../../routes/chains.ts";
import { ChainAnswer, ChainItemAnswer } from "../answers.ts";
import { chain } from "../examples.ts";
import { headers } from "../headers.ts";
import { described, json, type Operation, page } from "../operation.ts";

const TAG = "Chains";
const DAY_MS = 24 * 3_600_000;
export const chainPath = z.object({
  id: z
    .string()
    .regex(CHAIN_ID)
    .meta({ description: "The chain's id, as `Hopline-Chain` says.", param: { example: chain.chainId } }),
});

export const chainOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/chains",
    id: "listChains",
    tag: TAG,
    summary: "Search chains",
    description: "The youngest first. The list is at most a second behind; a chain that is read by its id never is.",
    access: "read",
    params: {
      query: described(ListQuery, {
        status: "Only chains with this status.",
        agent: "Only chains whose root call was to this agent.",
        since: "Only chains that started then or later, in epoch milliseconds.",
        cursor: "The `nextCursor` of the page before.",
        limit: "Chains on a page.",
      }),
    },
    answers: { "200": json("A page of chains.", page(ChainItemAnswer)) },
    problems: ["invalid_request"],
  },
  {
    method: "get",
    path: "/v1/chains/{id}",
    id: "readChain",
    tag: TAG,
    summary: "Read a chain",
    description: `Its state, its budget and what is spent of it, in every dimension. A chain is kept for ${RETENTION_MS / DAY_MS} days after its end.`,
    access: "read",
    params: { path: chainPath },
    answers: {
      "200": json("The chain as it is now.", ChainAnswer, { headers: headers(["Hopline-Chain"]), example: chain }),
    },
    problems: ["invalid_request", "not_found"],
  },
  {
    method: "delete",
    path: "/v1/chains/{id}",
    id: "deleteChain",
    tag: TAG,
    summary: "Delete a chain",
    description:
      "Before its time: its hops and answers go, and the list forgets it within a second; what it added to the mesh's graph stays. A chain that runs has to be cancelled first. A request under an `Idempotency-Key` that it answered does not run again: repeated within 24 hours it is a `conflict`. Only the key that started it, or an admin, may do so.",
    access: "invoke",
    params: { path: chainPath },
    answers: { "204": { description: "There is no such chain any more." } },
    problems: ["invalid_request", "not_found", "conflict"],
    chained: true,
  },
  {
    method: "post",
    path: "/v1/chains/{id}/cancel",
    id: "cancelChain",
    tag: TAG,
    summary: "Cancel a chain",
    description:
      "Its open hops are aborted, the connections to their agents closed. Only the key that started it, or an admin, may do so.",
    access: "invoke",
    params: { path: chainPath },
    answers: { "200": json("The chain as it ended.", ChainAnswer, { headers: headers(["Hopline-Chain"]) }) },
    problems: ["invalid_request", "not_found", "chain_closed"],
    chained: true,
  },
];
