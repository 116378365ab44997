/** The schema of a desk. Append-only: a released entry is never edited. */
export const TASK_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE task (
    n INTEGER PRIMARY KEY AUTOINCREMENT,  -- in the order of their creation
    task_id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,                  -- the principal that has made it: to others it is not there
    status TEXT NOT NULL CHECK (status IN ('working', 'input_required', 'completed', 'failed', 'cancelled')),
    message TEXT,
    parked INTEGER NOT NULL,              -- 1: nothing runs, the next round begins when all is answered
    round INTEGER NOT NULL,               -- which call of the tool is under way, from 0
    requests TEXT,                        -- JSON: what the client is asked
    responses TEXT,                       -- JSON: what it has answered so far
    request_state TEXT,                   -- the server's, which it gets back with the answers
    created_at INTEGER NOT NULL,          -- epoch milliseconds, as all times here
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX task_by_owner ON task (owner, n);             -- lists, and how many one has
  CREATE INDEX task_by_expiry ON task (expires_at);          -- what is over
  CREATE INDEX task_open ON task (status) WHERE status IN ('working', 'input_required');   -- what a crash has cut off
  CREATE TABLE text (
    n INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('call', 'end')),      -- JSON: the call as it is made, and how it has ended
    part INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (n, what, part)
  ) STRICT, WITHOUT ROWID;
  `,
];
