/** A session's schema. Append-only: a released entry is never edited. */
export const SESSION_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE session (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    session_id TEXT NOT NULL,
    mesh TEXT NOT NULL,
    principal TEXT NOT NULL,              -- whoever else comes with the id finds no session
    initialize TEXT NOT NULL,             -- the client's initialize request, JSON: after a restart it is heard again
    revision INTEGER NOT NULL,            -- of the registry, as the client was last told
    created_at INTEGER NOT NULL           -- epoch milliseconds
  ) STRICT;
  CREATE TABLE event (
    id INTEGER PRIMARY KEY,               -- never given twice: it is what a client comes back with
    stream TEXT NOT NULL,
    bytes INTEGER NOT NULL,               -- of the message, about: what is kept is bounded
    message TEXT NOT NULL                 -- JSON; of a large one the first part
  ) STRICT;
  CREATE TABLE event_part (
    event INTEGER NOT NULL,
    part INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (event, part)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX event_by_stream ON event (stream, id);                      -- replaying one stream
  CREATE TABLE subscription (uri TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
  "ALTER TABLE session ADD COLUMN level TEXT", // from which level on its client wants log messages; null: all
];
