/** Bodies as one would send and get them. A test holds each to its schema. */

const startedAt = 1_795_000_000_000;
const chainId = "100091f5efa963e101ae28240e819789";
const hopId = "00f067aa0ba902b7";

export const registration = {
  name: "greeter",
  version: "1.0.0",
  description: "Greets by name.",
  endpoint: { kind: "http", url: "http://127.0.0.1:9001/" },
  skills: [{ id: "greet", inputSchema: { type: "string" }, outputSchema: { type: "string" } }],
  timeoutMs: 10_000,
};
export const smallRegistration = {
  name: "greeter",
  version: "1.0.0",
  endpoint: { kind: "http", url: "http://127.0.0.1:9001/" },
};
export const replacement = {
  version: "1.0.1",
  endpoint: { kind: "http", url: "http://127.0.0.1:9002/" },
  timeoutMs: 30_000,
};

export const call = { input: "Hello" };
export const boundedCall = {
  input: { question: "What happens to a hop when its caller vanished?" },
  skill: "ask",
  budget: { hops: 50, tokens: 10_000, costMicros: 250_000, wallMs: 60_000, concurrency: 16, bytes: 10_000_000 },
  policy: { maxDepth: 8, cycle: { rule: "deny" } },
};
export const callWithin = { input: "Hello", allowance: { hops: 5, tokens: 1_000 } };
export const callAnswer = {
  chainId,
  hopId,
  output: "Hello",
  usage: { hops: 1, bytes: 14, tokens: 0, costMicros: 0, wallMs: 12 },
};

export const chain = {
  chainId,
  status: "done",
  root: { agent: "desk", principal: "admin" },
  limits: { hops: 100, bytes: 67_108_864, tokens: 200_000, costMicros: 1_000_000, concurrency: 64, wallMs: 120_000 },
  spent: { hops: 3, bytes: 91_262, tokens: 0, costMicros: 0, concurrency: 0, wallMs: 141 },
  reserved: { hops: 0, bytes: 0, tokens: 0, costMicros: 0, concurrency: 0, wallMs: 0 },
  overrun: { hops: 0, bytes: 0, tokens: 0, costMicros: 0, concurrency: 0, wallMs: 0 },
  hops: { open: 0, done: 3, error: 0, rejected: 0, lost: 0, cancelled: 0 },
  startedAt,
  endedAt: startedAt + 141,
  deadlineAt: startedAt + 120_000,
  traceparent: null,
};

export const graph = {
  chainId,
  status: "done",
  nodes: [
    { id: "caller:admin", kind: "caller", name: "admin" },
    { id: "echo", kind: "agent", name: "echo" },
  ],
  edges: [{ from: "caller:admin", to: "echo", calls: 1, rejected: 0, errors: 0 }],
  hops: [
    {
      hopId,
      parentHopId: null,
      depth: 1,
      kind: "agent",
      caller: "admin",
      callee: "echo",
      skill: "echo",
      status: "done",
      code: null,
      detail: null,
      path: ["echo"],
      startedAt,
      endedAt: startedAt + 12,
      usage: { hops: 1, bytes: 14, tokens: 0, costMicros: 0, wallMs: 12 },
      attempt: 1,
      late: false,
      inputDigest: "8c5ba0e1f9c3a1d9a0b2a0d2f0b5cf4f7a5c2e1d3b4a59687786950413223140",
      outputDigest: "8c5ba0e1f9c3a1d9a0b2a0d2f0b5cf4f7a5c2e1d3b4a59687786950413223140",
    },
  ],
};
export const mermaid = 'flowchart TD\n  n0(["admin"])\n  n1["echo"]\n  n0 --> n1\n';
export const dot = 'digraph chain {\n  n0 [label="admin"]\n  n1 [label="echo"]\n  n0 -> n1\n}\n';

const [hop] = graph.hops;
export const hopEvent = { ...hop, chainId, seq: 42, type: "ended", at: startedAt + 12 };
export const events = `retry: 1000

id: 42
event: hop
data: {"hopId":"${hopId}","status":"done","callee":"echo",…,"chainId":"${chainId}","seq":42,"type":"ended","at":${startedAt + 12}}

event: chain
data: {"chainId":"${chainId}","status":"done",…}
`;

export const callEvents = `retry: 1000

event: chunk
data: "Hel"

event: chunk
data: "lo"

event: result
data: {"chainId":"${chainId}","hopId":"${hopId}","output":"Hello","usage":{…}}
`;

export const agentCall = { input: "Ada", skill: "greet" };
export const agentAnswer = { output: "Hello Ada", usage: { tokens: 12, costMicros: 30 } };
export const agentEvents = `event: chunk
data: "Hello "

event: chunk
data: "Ada"

event: result
data: {"output":"Hello Ada","usage":{"tokens":12}}
`;

export const keyRequest = { name: "ci", scopes: ["invoke", "read"] };
export const agentKeyRequest = { name: "greeter's own", scopes: ["agent"], agent: "greeter", expiresAt: startedAt };
