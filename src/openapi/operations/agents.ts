/** Agents: register, list and search, read, replace, remove. */
import * as z from "zod";
import { AGENT_BYTES } from "../../../mesh/limits.ts";
import { AgentName, AgentRegistration, AgentReplacement, ApproveRequest } from "../../../mesh/schema.ts";
import { ListQuery } from "../../routes/agents.ts";
import { AgentAnswer, ReadAgentAnswer } from "../answers.ts";
import { registration, replacement, smallRegistration } from "../examples.ts";
import { headers, RequestHeaders } from "../headers.ts";
import { described, json, type Operation, page } from "../operation.ts";

const path = z.object({ name: AgentName.meta({ description: "The agent's name.", param: { example: "greeter" } }) });
const ifMatch = z.object({ "If-Match": RequestHeaders.ifMatch });
const TAG = "Agents";

export const agentOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/agents",
    id: "registerAgent",
    tag: TAG,
    summary: "Register an agent",
    description: `It can be called at once. A registration is at most ${AGENT_BYTES / 1_024} KiB of JSON. The key that registers an agent owns it.`,
    access: "register",
    body: {
      schema: AgentRegistration,
      examples: { "An agent over HTTP": registration, "The least": smallRegistration },
    },
    answers: { "201": json("It is registered.", AgentAnswer, { headers: headers(["ETag", "Location"]) }) },
    problems: ["egress_denied", "conflict"],
  },
  {
    method: "get",
    path: "/v1/agents",
    id: "listAgents",
    tag: TAG,
    summary: "List and search agents",
    description: "By name, or with `q` the best match first.",
    access: "read",
    params: {
      query: described(ListQuery, {
        q: "Words to be found in names, descriptions, skills and tags.",
        skill: "Only agents that have this skill.",
        kind: "Only agents that are reached in this way.",
        cursor: "The `nextCursor` of the page before.",
        limit: "Agents on a page.",
      }),
    },
    answers: { "200": json("A page of agents.", page(AgentAnswer)) },
    problems: ["invalid_request"],
  },
  {
    method: "get",
    path: "/v1/agents/{name}",
    id: "readAgent",
    tag: TAG,
    summary: "Read an agent",
    description: "Its registration with all defaults, its owner, and its version as `ETag`.",
    access: "read",
    params: { path, header: z.object({ "If-None-Match": RequestHeaders.ifNoneMatch }) },
    answers: {
      "200": json("The agent.", ReadAgentAnswer, { headers: headers(["ETag"]) }),
      "304": { description: "It is still as it was.", headers: headers(["ETag"]) },
    },
    problems: ["agent_not_found"],
  },
  {
    method: "put",
    path: "/v1/agents/{name}",
    id: "replaceAgent",
    tag: TAG,
    summary: "Replace an agent",
    description:
      "The whole of it: what is left out gets its default. Calls that run go on as they were; every isolate follows within a second.",
    access: "register",
    params: { path, header: ifMatch },
    body: { schema: AgentReplacement, examples: { "A new version": replacement } },
    answers: { "200": json("It is replaced.", AgentAnswer, { headers: headers(["ETag"]) }) },
    problems: ["egress_denied", "agent_not_found", "precondition_failed"],
  },
  {
    method: "delete",
    path: "/v1/agents/{name}",
    id: "removeAgent",
    tag: TAG,
    summary: "Remove an agent",
    description: "New calls of it are `agent_not_found`; chains keep what they know of it.",
    access: "register",
    params: { path, header: ifMatch },
    answers: { "204": { description: "It is removed." } },
    problems: ["invalid_request", "agent_not_found", "precondition_failed"],
  },
  {
    method: "post",
    path: "/v1/agents/{name}/approve",
    id: "approveTools",
    tag: TAG,
    summary: "Approve changed tools",
    description:
      "Of a federated MCP server: its tools are pinned by the digest of their definitions. One that has changed is flagged, and under `pin: strict` withheld, until its present definition is approved here.",
    access: "register",
    params: { path },
    body: { schema: ApproveRequest, examples: { "All of them": {} } },
    answers: { "200": json("They are approved.", AgentAnswer, { headers: headers(["ETag"]) }) },
    problems: ["agent_not_found"],
  },
];
