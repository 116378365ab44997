/** The ledger's schema. Append-only: a released entry is never edited. */
export const LEDGER_MIGRATIONS: readonly string[] = [
  `
  -- Everything that happens in a ledger takes a number of one sequence: chains and hops at their start (their row ids),
  -- hops at their end (ended_seq), the rest in event. So "what came after N" is three short reads.
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
    done INTEGER NOT NULL,
    error INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    traceparent TEXT,
    started_at INTEGER NOT NULL,          -- times are epoch milliseconds
    deadline_at INTEGER NOT NULL,
    ended_at INTEGER,
    due_at INTEGER NOT NULL               -- what stands in due for this chain
  ) STRICT;

  -- No foreign keys: removal would look for children row by row.
  CREATE TABLE hop (
    id INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL,
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
    purses TEXT,                          -- JSON: OwnPurses, if it has an allowance
    est_tokens INTEGER NOT NULL,          -- reserved while open
    est_cost INTEGER NOT NULL,
    used_hops INTEGER NOT NULL,           -- booked of this hop alone; hops = attempts
    used_bytes INTEGER NOT NULL,
    used_tokens INTEGER NOT NULL,
    used_cost INTEGER NOT NULL,
    below TEXT,                           -- JSON: Amounts of all below it, once it has ended
    unknown TEXT,                         -- JSON: Amounts booked without knowing the use; a late result corrects them once
    late_by TEXT,                         -- JSON: Amounts of that correction
    late INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    input_bytes INTEGER NOT NULL,
    input_digest TEXT NOT NULL,
    output_digest TEXT,
    metadata TEXT,
    timeout_ms INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    lease_at INTEGER NOT NULL,
    graced INTEGER NOT NULL,              -- 1: this lease is the fresh one after a restart
    ended_at INTEGER,
    ended_seq INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX hop_by_id ON hop (chain, hop_id);                      -- a hop by its id, and what is sent twice
  CREATE INDEX hop_by_chain ON hop (chain);                                  -- pages of a chain, in admission order
  CREATE INDEX hop_open ON hop (chain) WHERE status = 'open';                -- loading a chain, its leases
  CREATE INDEX hop_by_end ON hop (ended_seq) WHERE ended_seq IS NOT NULL;    -- what has ended after a sequence

  -- What the rows of chains and hops do not tell.
  CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL,
    hop INTEGER,
    type TEXT NOT NULL CHECK (type IN ('late', 'retried', 'removed')),
    at INTEGER NOT NULL,
    body TEXT                             -- JSON
  ) STRICT;
  CREATE INDEX event_by_chain ON event (chain);
  CREATE TABLE outbox (one INTEGER PRIMARY KEY CHECK (one = 1), sent INTEGER NOT NULL) STRICT;
  INSERT INTO outbox (one, sent) VALUES (1, 0);

  -- Everything that the object waits for; its alarm is the earliest.
  CREATE TABLE due (
    kind TEXT NOT NULL CHECK (kind IN ('chain', 'answer', 'outbox')),
    ref INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (kind, ref)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX due_by_time ON due (at);

  CREATE TABLE idempotency (
    scope TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    hop INTEGER NOT NULL,
    chain_id TEXT NOT NULL,
    hop_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_by_hop ON idempotency (hop);                      -- expiry
  -- Answers in parts, because a row holds at most 2 MB.
  CREATE TABLE answer (
    hop INTEGER NOT NULL,
    part INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (hop, part)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Chains that were removed and have hops left.
  CREATE TABLE removed (chain INTEGER PRIMARY KEY) STRICT;

  -- The same, and one kind more: SQLite changes no CHECK.
  CREATE TABLE awaited (
    kind TEXT NOT NULL CHECK (kind IN ('chain', 'answer', 'outbox', 'sweep')),
    ref INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (kind, ref)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO awaited SELECT kind, ref, at FROM due;
  DROP TABLE due;
  ALTER TABLE awaited RENAME TO due;
  CREATE INDEX due_by_time ON due (at);
  `,
  `
  -- A chain's due time stands in its row alone. Its kind stays in the CHECK of due: no row has it.
  DELETE FROM due WHERE kind = 'chain';
  CREATE INDEX chain_by_due ON chain (due_at);

  -- Who loads a chain reads all of its hops anyway, for the sums of those that have ended.
  DROP INDEX hop_open;
  `,
  `
  -- Commits whose chains and hops are not in their rows yet.
  CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    entries TEXT NOT NULL                 -- JSON: journal.ts
  ) STRICT;
  `,
];
