/**
 * Every bound of the product, in one place: its unit, what it protects and why it has this value. No default is
 * infinite. What a bound does not protect is said where that would surprise.
 */

/** The budget dimensions that are counted: what is booked is never given back, except by a correction. */
export const COUNTED = ["hops", "bytes", "tokens", "costMicros"] as const;
export type Counted = (typeof COUNTED)[number];

/** All budget dimensions: the counted ones, a gauge (`concurrency`) and a deadline (`wallMs`, milliseconds). */
export const DIMENSIONS = [...COUNTED, "concurrency", "wallMs"] as const;
export type Dimension = (typeof DIMENSIONS)[number];
export type Limits = Record<Dimension, number>;

/** What a chain may use when its root call says nothing: enough for a research task, too little for a bad night. */
export const DEFAULT_BUDGET: Limits = {
  hops: 100,
  bytes: 64 * 2 ** 20,
  tokens: 200_000,
  costMicros: 1_000_000,
  concurrency: 64,
  wallMs: 120_000,
};

/** The most that a root call may set. What is above is lowered, and shown lowered in the chain's `limits`. */
export const BUDGET_CEILING: Limits = {
  hops: 100_000,
  bytes: 10 * 2 ** 30,
  tokens: 1_000_000_000,
  costMicros: 1_000_000_000,
  concurrency: 10_000,
  wallMs: 15 * 60_000,
};

/** Length of the longest ancestor path a chain admits by default. */
export const DEFAULT_MAX_DEPTH = 8;
/** Each synchronous level is an invocation under the root's request; the platform documents 32 of those a request. */
export const MAX_DEPTH_CEILING = 12;

/** How long one hop may run, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 60_000;
export const TIMEOUT_CEILING_MS = 15 * 60_000;

/** How long a key of hop tokens signs, in days. */
export const TOKEN_KEY_DAYS = 30;
export const TOKEN_KEY_DAYS_CEILING = 365;
/**
 * How long a replaced key still verifies, in milliseconds: the longest life of a token (TIMEOUT_CEILING_MS), and a minute
 * for an isolate that has not heard of the rotation yet and for clocks that differ.
 */
export const TOKEN_KEY_OVERLAP_MS = TIMEOUT_CEILING_MS + 60_000;
/** How long others may keep the published keys, in seconds. */
export const JWKS_SECONDS = 300;
/** How long a key is published before the schedule lets it sign, in milliseconds: who keeps the keys has it by then. */
export const TOKEN_KEY_LEAD_MS = 2 * JWKS_SECONDS * 1_000;
/** Keys of a mesh at once. Who rotates by hand waits for the oldest to retire: no token that is out may lose its key. */
export const TOKEN_KEYS = 10;

/** Failing agents whose circuit breakers an isolate remembers, of all meshes; a forgotten one is closed. */
export const BREAKERS = 1_000;

/** How often an agent's health is checked, and how long a check may take, in milliseconds. */
export const HEALTH_INTERVAL_MS = 10_000;
export const HEALTH_INTERVAL_FLOOR_MS = 1_000;
export const HEALTH_INTERVAL_CEILING_MS = 3_600_000;
export const HEALTH_TIMEOUT_MS = 2_000;
export const HEALTH_TIMEOUT_CEILING_MS = 30_000;
/** Checks in a row that make an agent unhealthy, and healthy again. */
export const UNHEALTHY_AFTER = 3;
export const HEALTHY_AFTER = 2;
/** Bytes of an answer to a check: it says nothing that is read. */
export const HEALTH_BYTES = 64 * 1_024;
/** Checks that one alarm of the index makes at most, and until when it begins further ones, in milliseconds. */
export const HEALTH_TURN = 200;
export const HEALTH_TURN_MS = 10_000;
/** Checks at once: the platform holds six connections an object, and one that waited for its turn would look slow. */
export const HEALTH_AT_ONCE = 6;
/** Agents whose checks, or whose health, one message between the registry and the index tells. */
export const HEALTH_BATCH = 500;
/** How long either waits when the other could not be told, in milliseconds. */
export const HEALTH_RETRY_MS = 5_000;

/** Open calls to one agent at once, per isolate: isolates do not see each other's, so the whole may be a multiple. */
export const DEFAULT_MAX_CONCURRENCY = 100;
export const MAX_CONCURRENCY_CEILING = 10_000;
/** How long a call waits for a place at a busy agent before it is refused, in milliseconds. */
export const SLOT_WAIT_MS = 1_000;

/** A hop that nobody has watched for this long is lost, in milliseconds: min(timeout, LEASE_MS) + LEASE_GRACE_MS. */
export const LEASE_MS = 30_000;
export const LEASE_GRACE_MS = 5_000;
/** A hop that has run for this long is watched, in milliseconds: below it the call would cost more than the hop. */
export const WATCH_AFTER_MS = 250;
/** How long the ledger holds one watch, in milliseconds; below LEASE_MS, so that the next one renews in time. */
export const WATCH_HOLD_MS = 25_000;

/** How long a settlement may wait for a batch to ride with, in milliseconds. A crash within it costs a lease. */
export const SETTLEMENT_WAIT_MS = 20;
/** How long a chain's events may wait before they are sent to the index, in milliseconds; the promise is a second. */
export const OUTBOX_WAIT_MS = 200;
export const OUTBOX_RETRY_MS = 1_000;
export const OUTBOX_BATCH = 500;

/** Due times that one alarm handles, so that no turn grows with what has piled up. */
export const ALARM_BATCH = 200;

/** Refused hops that are written as rows; further ones are only counted. A chain that reaches the second one fails. */
export const REJECTED_ROWS = 1_000;
export const REJECTED_CEILING = 10_000;

/** A chain's rows are kept this long after its end, in milliseconds. */
export const RETENTION_MS = 7 * 24 * 3_600_000;
/** An answer under an Idempotency-Key is kept this long, in milliseconds. */
export const IDEMPOTENCY_MS = 24 * 3_600_000;
export const IDEMPOTENCY_KEY_CHARS = 255;

/** Hop rows of removed chains that one alarm takes away: other chains wait for them. */
export const REMOVAL_TURN = 500;

/** Rows of the mesh's graph that one alarm of the index rolls up or takes away. */
export const EDGE_TURN = 200;
/** Edges of a mesh that one span of time tells apart; all further ones are one. */
export const EDGES_PER_SPAN = 10_000;

/** Request bodies and agents' answers, in bytes. */
export const BODY_BYTES = 4 * 2 ** 20;
/** A body above BODY_BYTES is read and dropped up to this size: an early answer breaks most clients' connections. */
export const DROPPED_BODY_BYTES = 32 * 2 ** 20;
/** Objects and arrays within each other in a body. */
export const JSON_DEPTH = 128;
/** The `metadata` of a call, in bytes of JSON: it is kept with the hop's row. */
export const METADATA_BYTES = 4_096;

/** Items of a list answer. */
export const PAGE_DEFAULT = 50;
export const PAGE_CEILING = 200;
/** Hops that one graph answer holds; the rest by cursor. */
export const GRAPH_HOPS = 5_000;
/** Arrows and characters of a Mermaid text: beyond these Mermaid itself refuses (its 500 and 50,000, with room for notes). */
export const MERMAID_ARROWS = 500;
export const MERMAID_CHARS = 45_000;
/** Nodes of an SVG of agents: the layout's time grows faster than they do. The agents with the fewest calls become one. */
export const SVG_AGENTS = 60;
/** Arrows of an SVG of agents, for the same reason; above it fewer agents are drawn one by one. */
export const SVG_ARROWS = 150;
/** Nodes of an SVG of hops; above it siblings whose calls were alike are one node too, not only those that called nothing. */
export const SVG_HOPS = 150;
/** How long an upstream MCP server may take to say what it is, in milliseconds: a registration waits for it. */
export const DISCOVERY_MS = 10_000;
/** How long an upstream may take to give a resource or a prompt, in milliseconds. */
export const UPSTREAM_READ_MS = 30_000;
/** After this long, in milliseconds, what an upstream has said of its tools is asked again when it is used. */
export const UPSTREAM_FRESH_MS = 60_000;
/** Tools of one upstream that are taken. */
export const UPSTREAM_TOOLS = 500;
/** Resources, templates and prompts of one upstream that are taken, of each, and their bytes of JSON together. */
export const UPSTREAM_OFFERS = 200;
export const UPSTREAM_OFFERS_BYTES = 256 * 1_024;
/** Bytes of one answer of an upstream MCP server, its event stream included. */
export const UPSTREAM_BYTES = 8 * 2 ** 20;
/** Rows that a ledger hands out in one RPC. */
export const LEDGER_PAGE = 1_000;

/** How long an isolate trusts what it has read from the registry before it asks for the revision, in milliseconds. */
export const REGISTRY_FRESH_MS = 500;
/** Agents and keys that an isolate remembers, per mesh, and their characters of JSON together. */
export const REGISTRY_CACHE = 1_000;
export const REGISTRY_CACHE_CHARS = 16 * 2 ** 20;
/** Agents that a search puts in order: those registered first of all that fit, and the first whose names begin as asked. */
export const SEARCH_CANDIDATES = 300;
export const SEARCH_NAMES = 50;
/** Meshes that an isolate remembers. */
export const MESH_CACHE = 100;

/** Characters in names and texts of an agent. */
export const DESCRIPTION_CHARS = 4_096;
export const SKILLS = 64;
export const TAGS = 32;
export const EXAMPLES = 16;
/** One agent's registration, in bytes of JSON. */
export const AGENT_BYTES = 256 * 1_024;
/** A batch of registrations: its lines and bytes. Whoever has more sends several. */
export const BATCH_LINES = 100_000;
export const BATCH_BYTES = 100 * 2 ** 20;
/** Lines, and their bytes, that one transaction of the registry takes in: hops wait for it that resolve an agent. */
export const BATCH_ROWS = 200;
export const BATCH_ROWS_BYTES = 2 * 2 ** 20;
/** Results that wait for a slow reader, in bytes; those beyond are told shorter, for it may read only when it has sent all. */
export const BATCH_UNREAD_BYTES = 8 * 2 ** 20;
/** MCP servers of a batch that are asked for their tools at its end, and at once; the others when they are first used. */
export const BATCH_SERVERS = 60;
export const BATCH_SERVERS_AT_ONCE = 6;

/** Tools that a list over MCP tells at most, all its pages together: models choose badly among more. The rest is searched for. */
export const MCP_TOOLS_CAP = 1_000;
/** Tools of one page: most clients read only the first. */
export const MCP_TOOLS_PAGE = 200;
/** A session that nobody has used for this long is forgotten, in milliseconds; its client gets 404 and opens another. */
export const MCP_SESSION_IDLE_MS = 3_600_000;
/** Messages that a session keeps for a client that comes back with Last-Event-ID, and their bytes: the oldest go first. */
export const MCP_SESSION_EVENTS = 1_000;
export const MCP_SESSION_BYTES = 16 * 2 ** 20;
/** Characters of one row of such a message: a row holds 2 MB, and a character may take three bytes. */
export const MCP_EVENT_PART_CHARS = 500_000;
/** Resources that one session or one listener may follow at once. */
export const MCP_SUBSCRIPTIONS = 32;
/** A call that takes longer than this, in milliseconds, becomes a task where its client takes tasks. */
export const TASK_PATIENCE_MS = 500;
/** How long a task is kept from its creation on, in milliseconds: by default, at least, at most. A hop ends within 15 minutes. */
export const TASK_TTL_MS = 3_600_000;
export const TASK_TTL_LEAST_MS = 60_000;
export const TASK_TTL_MOST_MS = 86_400_000;
/** How often clients are asked to look after a task, in milliseconds. */
export const TASK_POLL_MS = 1_000;
/** Tasks of one principal that have not ended, and those that are kept in all: each may hold a result of 4 MiB. */
export const TASKS_OPEN = 100;
export const TASKS_KEPT = 500;
/** Tasks of one page of a list. */
export const TASKS_PAGE = 50;
/** How long a client may take to answer what a call without a session has asked, in milliseconds. A task waits no longer either. */
export const ROUND_STATE_MS = TASK_TTL_MOST_MS;
