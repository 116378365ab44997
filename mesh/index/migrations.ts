/** The index's schema. Append-only: a released entry is never edited. */
export const INDEX_MIGRATIONS: readonly string[] = [
  `
  -- How far each ledger has been heard: what comes again is dropped.
  CREATE TABLE ledger (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE chain (
    chain_id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    agent TEXT NOT NULL,
    principal TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chain_by_start ON chain (started_at, chain_id);                 -- the list, newest first
  CREATE INDEX chain_by_status ON chain (status, started_at, chain_id);
  CREATE INDEX chain_by_agent ON chain (agent, started_at, chain_id);

  -- Calls between two parties in one minute. Latencies are a mergeable histogram, JSON.
  CREATE TABLE edge (
    minute INTEGER NOT NULL,
    caller TEXT NOT NULL,
    callee TEXT NOT NULL,
    calls INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    rejections TEXT NOT NULL,                                                  -- JSON: count by code
    latency TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (minute, caller, callee)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Most chains are done: their own list is nearly the whole one, which chain_by_start serves, and each write is dearer.
  DROP INDEX chain_by_status;
  CREATE INDEX chain_by_status ON chain (status, started_at, chain_id) WHERE status <> 'done';
  `,
  `
  -- Sums of an edge in spans of 1, 10, 60 and 1,440 minutes, so that a busy week is few rows. Minutes take the news; what
  -- the others hold is what is rolled up. Callers that are no agents are marked: an agent may be named as a principal is.
  CREATE TABLE sums (
    span INTEGER NOT NULL,                                                     -- minutes
    start INTEGER NOT NULL,                                                    -- minutes since the epoch
    caller TEXT NOT NULL,
    callee TEXT NOT NULL,
    calls INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    rejections TEXT NOT NULL,                                                  -- JSON: count by code
    latency TEXT NOT NULL,                                                     -- JSON: count by bucket
    tokens INTEGER NOT NULL,
    cost INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (span, start, caller, callee)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO sums SELECT 1, minute, CASE WHEN caller = 'admin' OR caller LIKE 'key:%' THEN 'caller:' || caller ELSE caller END,
    callee, calls, errors, rejections, latency, tokens, cost, first_at, last_at FROM edge;
  DROP TABLE edge;
  ALTER TABLE sums RENAME TO edge;

  -- Minutes up to and with this one are rolled up.
  CREATE TABLE rolled (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    start INTEGER NOT NULL,
    caller TEXT NOT NULL,
    callee TEXT NOT NULL
  ) STRICT;
  INSERT INTO rolled (one, start, caller, callee) VALUES (1, 0, '', '');
  `,
  `
  -- Agents whose health is checked, as the registry has told, and how they stand.
  CREATE TABLE health (
    name TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    rules TEXT NOT NULL,                                                       -- JSON: HealthCheck
    state TEXT NOT NULL,                                                       -- unknown, healthy, unhealthy
    since INTEGER NOT NULL,
    streak INTEGER NOT NULL,                                                   -- checks in a row that speak against the state
    checked_at INTEGER,
    failure TEXT,                                                              -- why the last check failed; null where it did not
    told INTEGER NOT NULL,                                                     -- whether the registry knows the state
    next_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX health_by_next ON health (next_at);
  CREATE INDEX health_untold ON health (name) WHERE told = 0;
  `,
];
