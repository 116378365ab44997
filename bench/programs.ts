/** The programs of this folder beside `npm run bench`: what they answer, and how long they take. */

export interface Program {
  readonly command: string;
  readonly minutes: string;
  readonly says: string;
}

export const PROGRAMS: readonly Program[] = [
  { command: "npm run bench:restate", minutes: "7", says: "chains beside Restate, in bench/RESULTS-restate.md" },
  {
    command: "npm run bench:long",
    minutes: "10",
    says: "a million hops: memory, disk, latencies; bench/RESULTS-long.md",
  },
  {
    command: "npm run bench:profile",
    minutes: "0.5",
    says: "a CPU profile of workerd under load, by area and by function",
  },
  { command: "npm run bench:mcp", minutes: "2", says: "a tool call over MCP beside proxies, in bench/RESULTS-mcp.md" },
  {
    command: "npm run bench:registry",
    minutes: "3",
    says: "100,000 agents beside 1,000, in bench/RESULTS-registry.md",
  },
  {
    command: "npm run bench:sick",
    minutes: "1.5",
    says: "20 healthy agents beside 5 sick ones, in bench/RESULTS-sick.md",
  },
  {
    command: "npm run bench:desk",
    minutes: "0.5",
    says: "how well the research desk finds and quotes, in bench/RESULTS-desk.md",
  },
  { command: "node bench/disk.ts", minutes: "0.5", says: "what a chain and a hop cost on disk" },
  { command: "node bench/graph.ts", minutes: "1", says: "GET /v1/graph at 2,000 edges" },
  { command: "node bench/render.ts", minutes: "0.5", says: "the formats of a chain's graph" },
];
