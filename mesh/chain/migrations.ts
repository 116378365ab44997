/** The ledger's schema. Append-only: a released entry is never edited. */
export const LEDGER_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE chain (
    id INTEGER PRIMARY KEY,
    chain_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'cancelled', 'expired')),
    agent TEXT NOT NULL,
    principal TEXT NOT NULL,
    limits TEXT NOT NULL,                 -- JSON: Limits
    policy TEXT NOT NULL,                 -- JSON: StandingPolicy
    purses TEXT NOT NULL,                 -- JSON: the root purse of each counted dimension
    open INTEGER NOT NULL,                -- hops open now: the concurrency gauge
    done INTEGER NOT NULL DEFAULT 0,
    error INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    traceparent TEXT,
    started_at INTEGER NOT NULL,          -- times are epoch milliseconds
    deadline_at INTEGER NOT NULL,
    ended_at INTEGER,
    lease_due INTEGER                     -- what stands in due for this chain's leases
  ) STRICT;

  CREATE TABLE hop (
    id INTEGER PRIMARY KEY,               -- in the order of admission
    chain INTEGER NOT NULL,               -- no foreign keys: removal would look for children row by row
    hop_id TEXT NOT NULL,
    parent INTEGER,
    depth INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('agent', 'tool', 'model')),
    callee TEXT NOT NULL,
    skill TEXT NOT NULL,
    address TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'done', 'error', 'rejected', 'lost', 'cancelled')),
    rejection TEXT,                       -- JSON: Rejection, of a refused or failed hop
    policy TEXT,                          -- JSON: StandingPolicy, where it differs from the parent's
    purses TEXT,                          -- JSON: the purses and the gauge that this hop owns, if it has an allowance
    est_tokens INTEGER NOT NULL,          -- reserved while open
    est_cost INTEGER NOT NULL,
    used_hops INTEGER NOT NULL,           -- booked of this hop alone; hops = attempts
    used_bytes INTEGER NOT NULL,
    used_tokens INTEGER NOT NULL DEFAULT 0,
    used_cost INTEGER NOT NULL DEFAULT 0,
    below_hops INTEGER NOT NULL DEFAULT 0, -- booked of its settled descendants
    below_bytes INTEGER NOT NULL DEFAULT 0,
    below_tokens INTEGER NOT NULL DEFAULT 0,
    below_cost INTEGER NOT NULL DEFAULT 0,
    unknown TEXT,                         -- JSON: what was booked without knowing the use; a late result corrects it once
    late INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 1,
    input_bytes INTEGER NOT NULL,
    input_digest TEXT NOT NULL,
    output_digest TEXT,
    metadata TEXT,
    timeout_ms INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    lease_at INTEGER NOT NULL,
    graced INTEGER NOT NULL DEFAULT 0,    -- 1: this lease is the fresh one after a restart
    ended_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX hop_by_id ON hop (chain, hop_id);                      -- every ask, settlement and watch
  CREATE INDEX hop_by_chain ON hop (chain);                                  -- pages of a chain, in admission order
  CREATE INDEX hop_open_below ON hop (parent) WHERE status = 'open';         -- what a settlement must end first
  CREATE INDEX hop_open_leases ON hop (chain, lease_at) WHERE status = 'open'; -- leases that are over, cancellation

  -- What happened, in order: feeds the index object and, by chain, live readers.
  CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    chain INTEGER NOT NULL,
    hop INTEGER,
    type TEXT NOT NULL CHECK (type IN ('started', 'admitted', 'rejected', 'settled', 'late', 'retried', 'ended', 'removed')),
    at INTEGER NOT NULL,
    body TEXT                             -- JSON: what the rows no longer tell
  ) STRICT;
  CREATE INDEX event_by_chain ON event (chain);                              -- a chain's events after seq
  CREATE TABLE outbox (one INTEGER PRIMARY KEY CHECK (one = 1), sent INTEGER NOT NULL) STRICT;
  INSERT INTO outbox (one, sent) VALUES (1, 0);

  -- Everything that the object waits for; its alarm is the earliest.
  CREATE TABLE due (
    kind TEXT NOT NULL CHECK (kind IN ('lease', 'retention', 'answer', 'outbox')),
    ref INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (kind, ref)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX due_by_time ON due (at);

  CREATE TABLE idempotency (
    scope TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    hop INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX idempotency_by_hop ON idempotency (hop);               -- whether a settlement is awaited, expiry
  -- Answers in parts, because a row holds at most 2 MB.
  CREATE TABLE answer (
    hop INTEGER NOT NULL,
    part INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (hop, part)
  ) STRICT, WITHOUT ROWID;
  `,
];
