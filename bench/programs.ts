/** The programs of this folder beside `npm run bench`: what they answer, and how long they take. */

export interface Program {
  readonly command: string;
  readonly minutes: string;
  readonly says: string;
}

export const PROGRAMS: readonly Program[] = [
  { command: "npm run bench:restate", minutes: "5 min", says: "chains beside Restate, in bench/RESULTS-restate.md" },
  {
    command: "npm run bench:long",
    minutes: "10 min",
    says: "a million hops: memory, disk, latencies, in bench/RESULTS-long.md",
  },
  {
    command: "npm run bench:sick",
    minutes: "1 min",
    says: "20 healthy agents beside 5 sick ones, in bench/RESULTS-sick.md",
  },
  {
    command: "npm run bench:mcp",
    minutes: "2 min",
    says: "a tool call over MCP beside proxies, in bench/RESULTS-mcp.md",
  },
  { command: "npm run bench:profile", minutes: "½ min", says: "a CPU profile of workerd, by area and by function" },
  { command: "node bench/disk.ts", minutes: "½ min", says: "what a chain and a hop cost on disk" },
  { command: "node bench/graph.ts", minutes: "1 min", says: "GET /v1/graph at 2,000 edges" },
  { command: "node bench/render.ts", minutes: "½ min", says: "the formats of a chain's graph" },
];
