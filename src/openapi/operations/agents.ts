/** Agents: register, list and search, read, replace, remove. */
import * as z from "zod";
import {
  AGENT_BYTES,
  BATCH_BYTES,
  BATCH_LINES,
  BATCH_SERVERS,
  BATCH_UNREAD_BYTES,
  SEARCH_CANDIDATES,
} from "../../../mesh/limits.ts";
import { AgentName, AgentPatch, AgentRegistration, AgentReplacement, ApproveRequest } from "../../../mesh/schema.ts";
import { ListQuery } from "../../routes/agents.ts";
import { BatchQuery } from "../../routes/agents-batch.ts";
import { AgentAnswer, ReadAgentAnswer } from "../answers.ts";
import { registration, replacement, smallRegistration } from "../examples.ts";
import { headers, RequestHeaders } from "../headers.ts";
import { described, json, jsonLines, type Operation, page } from "../operation.ts";

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
    method: "post",
    path: "/v1/agents:batch",
    id: "registerAgents",
    tag: TAG,
    summary: "Register many agents",
    description: `Newline-delimited JSON: a registration a line in, its result a line out, in their order, as they come. A line that is refused is refused alone; blank lines are skipped. A line that says what is registered already is \`unchanged\`, so a batch that was cut off can be sent again as it is; another agent of that name is a conflict, unless \`replace\` is set.

At most ${BATCH_LINES.toLocaleString("en")} lines and ${BATCH_BYTES / 2 ** 20} MiB, a line at most ${AGENT_BYTES / 1_024} KiB. Lines beyond get one result, \`payload_too_large\`, and are dropped. Read while you send: when ${BATCH_UNREAD_BYTES / 2 ** 20} MiB of results are unread, further problems are told without their details. Of the MCP servers in it the first ${BATCH_SERVERS} are asked for their tools before the answer ends, the others when they are used.`,
    access: "register",
    params: {
      query: described(BatchQuery, { replace: "Whether an agent that is there already is replaced by its line." }),
    },
    body: {
      schema: AgentRegistration,
      examples: { "Two agents": [smallRegistration, { ...smallRegistration, name: "greeter-2" }] },
      lines: true,
    },
    answers: {
      "200": jsonLines("What became of each line.", "BatchResult", [
        { line: 1, name: "greeter", status: 201, outcome: "registered", revision: 12 },
        { line: 2, name: "greeter-2", status: 200, outcome: "unchanged", revision: 7 },
      ]),
    },
    problems: [],
  },
  {
    method: "get",
    path: "/v1/agents",
    id: "listAgents",
    tag: TAG,
    summary: "List and search agents",
    description: `By name, or with \`q\` the best match first: of the first ${SEARCH_CANDIDATES} that fit, and of those whose names begin so.`,
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
    method: "patch",
    path: "/v1/agents/{name}",
    id: "changeAgent",
    tag: TAG,
    summary: "Change an agent's status",
    description:
      "`draining` takes no new calls and finishes those that it has, their own calls included; so does `quarantined`, which says that something is wrong with it. `active` takes calls again. Every isolate follows within a second.",
    access: "register",
    params: { path, header: ifMatch },
    body: { schema: AgentPatch, examples: { "No new calls": { status: "draining" } } },
    answers: { "200": json("It is changed.", AgentAnswer, { headers: headers(["ETag"]) }) },
    problems: ["agent_not_found", "precondition_failed"],
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
      "Of a federated MCP server: its tools are pinned by the digest of their definitions. One that has changed is flagged, and under `pin: strict` withheld, until its present definition is approved here. A name that the server has no tool of is `not_found`, and nothing is approved.",
    access: "register",
    params: { path },
    body: { schema: ApproveRequest, examples: { "All of them": {} } },
    answers: { "200": json("They are approved.", AgentAnswer, { headers: headers(["ETag"]) }) },
    problems: ["agent_not_found", "not_found"],
  },
];
