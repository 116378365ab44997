/** What is asked of a registry with so many agents. Each takes a random number below 1, so that no two requests are alike. */
import { nameOf, ownWordOf } from "./agents.ts";

export interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Question {
  readonly name: string;
  readonly ask: (agents: number, random: number) => Asked;
}

const get = (path: string): Asked => ({ method: "GET", path });
const any = (agents: number, random: number) => Math.floor(agents * random);
/** A cursor of the list after any agent: opaque to clients, but this benchmark can't walk there. */
const cursorAt = (name: string) => Buffer.from(JSON.stringify(name)).toString("base64url");
const call = JSON.stringify({ input: { question: "What does a call cost?" } });

const MCP = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "tools/list",
};
const LIST_TOOLS = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/list",
  params: {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});

export const QUESTIONS: readonly Question[] = [
  { name: "look up any agent", ask: (agents, random) => get(`/v1/agents/${nameOf(any(agents, random))}`) },
  { name: "look up the same agent", ask: () => get(`/v1/agents/${nameOf(7)}`) },
  { name: "look up one that is not there", ask: (_, random) => get(`/v1/agents/nobody-${Math.floor(random * 1e9)}`) },
  {
    name: "search: a word of one agent",
    ask: (agents, random) => get(`/v1/agents?q=${ownWordOf(any(agents, random))}`),
  },
  { name: "search: a word of an eighth", ask: () => get("/v1/agents?q=weather") },
  { name: "search: a word of all", ask: () => get("/v1/agents?q=questions") },
  { name: "search: a beginning of all", ask: () => get("/v1/agents?q=a") },
  { name: "search: a long beginning of all", ask: () => get("/v1/agents?q=questio") },
  { name: "search: two words that are nowhere together", ask: () => get("/v1/agents?q=weather%20contracts") },
  { name: "search: three words", ask: () => get("/v1/agents?q=answers%20team%20contracts") },
  { name: "search: a word of all, a kind of few", ask: () => get("/v1/agents?q=an&kind=builtin") },
  { name: "first page", ask: () => get("/v1/agents") },
  {
    name: "a page from anywhere",
    ask: (agents, random) => get(`/v1/agents?cursor=${cursorAt(nameOf(any(agents, random)))}`),
  },
  {
    name: "a page by kind and skill",
    ask: (agents, random) =>
      get(`/v1/agents?kind=http&skill=answer&cursor=${cursorAt(nameOf(any(agents * 0.9, random)))}`),
  },
  { name: "a page by skill, a kind of none", ask: () => get("/v1/agents?kind=mcp&skill=answer") },
  { name: "tools, first page", ask: () => get("/v1/tools") },
  { name: "MCP tools/list", ask: () => ({ method: "POST", path: "/mcp", body: LIST_TOOLS, headers: MCP }) },
  {
    name: "tool by name",
    ask: (agents, random) => ({ method: "POST", path: `/v1/tools/${nameOf(any(agents, random))}/invoke`, body: call }),
  },
  {
    name: "invoke the same agent",
    ask: () => ({ method: "POST", path: `/v1/agents/${nameOf(7)}/invoke`, body: call }),
  },
  {
    name: "invoke any agent",
    ask: (agents, random) => ({ method: "POST", path: `/v1/agents/${nameOf(any(agents, random))}/invoke`, body: call }),
  },
];
