/** The registry's schema. Append-only: a released entry is never edited. */
export const REGISTRY_MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE revision (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL) STRICT;
  INSERT INTO revision (one, number) VALUES (1, 1);

  CREATE TABLE agent (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    revision INTEGER NOT NULL,            -- of the registry, when this agent last changed
    created_at INTEGER NOT NULL,          -- times are epoch milliseconds
    updated_at INTEGER NOT NULL,
    json TEXT NOT NULL                    -- the registration, as it was validated
  ) STRICT;
  CREATE INDEX agent_by_kind ON agent (kind, name);                        -- the list, by kind
  CREATE TABLE agent_skill (
    skill TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (skill, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX agent_skill_by_name ON agent_skill (name);                  -- replacing and removing an agent
  CREATE VIRTUAL TABLE agent_text USING fts5 (name, description, skills, tags, tokenize = 'unicode61');

  -- Agents that ship with the code and were put in once: one that an admin removes stays removed.
  CREATE TABLE shipped (name TEXT PRIMARY KEY, version TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE key (
    key_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,                 -- JSON: Scope[]
    agent TEXT,
    hash TEXT NOT NULL,                   -- SHA-256 of the secret, hex; the secret is nowhere
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT, WITHOUT ROWID;

  -- What the mesh signs and checks with. The private keys never leave the deployment.
  CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    json TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Meshes of the deployment; kept by the registry of 'default' alone, so that a made-up name wakes no object.
  CREATE TABLE mesh (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // The keyring's row holds several keys from here on (keyring-store.ts reads the former shape too): a version that knows
  // one key has to refuse the database.
  "SELECT 1",
  `
  -- An agent's kind stands beside its skills, so that a list by both reads no more than it answers, and so does whether a
  -- server's tool has its own name for all.
  CREATE TABLE offer (
    skill TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    unprefixed INTEGER NOT NULL,
    PRIMARY KEY (skill, name)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO offer SELECT agent_skill.skill, agent_skill.name, agent.kind,
    agent.kind = 'mcp' AND coalesce(agent.json ->> '$.endpoint.toolPrefix', 1) = 0
    FROM agent_skill JOIN agent ON agent.name = agent_skill.name;
  DROP TABLE agent_skill;
  ALTER TABLE offer RENAME TO agent_skill;
  CREATE INDEX agent_skill_by_name ON agent_skill (name);                  -- replacing and removing an agent
  CREATE INDEX agent_skill_by_kind ON agent_skill (skill, kind, name);     -- the list, by both
  CREATE INDEX agent_skill_unprefixed ON agent_skill (skill, name) WHERE unprefixed = 1;

  -- Words by their beginnings too (a search takes each as one): without, a beginning that all agents have is as dear as
  -- they are many. What an agent is filtered by is a word as well, one that nobody types (search.ts).
  CREATE VIRTUAL TABLE agent_word USING fts5 (name, description, skills, tags, facets, tokenize = 'unicode61',
    prefix = '1 2 3 4 5 6');
  INSERT INTO agent_word (rowid, name, description, skills, tags, facets)
    SELECT agent.id, agent.name, agent_text.description, agent_text.skills, agent_text.tags,
      char(57344) || 'k' || agent.kind || coalesce((SELECT group_concat(' ' || char(57344) || 's' || hex(skill), '')
        FROM agent_skill WHERE agent_skill.name = agent.name), '')
    FROM agent_text JOIN agent ON agent.id = agent_text.rowid;
  DROP TABLE agent_text;
  `,
  `
  ALTER TABLE agent ADD COLUMN health TEXT;   -- JSON: AgentHealth, of one that is checked and was heard of

  -- Agents whose health is to be checked, as the index is told of them, in the order of revisions. One that is checked no
  -- more has no URL, and goes when the index has heard of it.
  CREATE TABLE checked (
    name TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    url TEXT,
    rules TEXT NOT NULL                       -- JSON: HealthCheck
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX checked_by_revision ON checked (revision);
  CREATE TABLE checks_told (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL) STRICT;
  INSERT INTO checks_told (one, revision) VALUES (1, 0);
  `,
];
