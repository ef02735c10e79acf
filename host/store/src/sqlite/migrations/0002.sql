-- Schema 2: the change gate. Which deployment's chain decided and made what, on what evidence it was deployed, what a
-- person accepted, what is remembered of mapping, and the rollouts and shadows under way. Numbers of deployments are the
-- making scheme's; rows from before have none.

ALTER TABLE deployments ADD COLUMN evidence TEXT NOT NULL DEFAULT '{}';

ALTER TABLE groups ADD COLUMN deployment INTEGER;

ALTER TABLE deliveries ADD COLUMN deployment INTEGER;
CREATE INDEX deliveries_made ON deliveries (scheme, deployment, id) WHERE deployment IS NOT NULL;

-- Pages of stored groups by when their members were received, without reading a row that is not on the page.
CREATE INDEX records_stored ON records (scheme, group_id, received_at);

-- Verdicts as they were settled, counted inside that transaction: what was mapped again counts again.
CREATE TABLE verdicts (
    scheme     INTEGER NOT NULL REFERENCES schemes (id),
    deployment INTEGER NOT NULL,
    word       TEXT NOT NULL CHECK (word IN ('mapped', 'skipped', 'rejected', 'failed')),
    count      INTEGER NOT NULL CHECK (count >= 0),
    fuel       INTEGER NOT NULL CHECK (fuel >= 0),
    PRIMARY KEY (scheme, deployment, word)
) STRICT, WITHOUT ROWID;

CREATE TABLE acceptances (
    scheme        INTEGER NOT NULL REFERENCES schemes (id),
    before_recipe BLOB NOT NULL CHECK (length(before_recipe) = 32),
    after_recipe  BLOB NOT NULL CHECK (length(after_recipe) = 32),
    pattern       TEXT NOT NULL,
    accepted      INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    by            TEXT NOT NULL,
    note          TEXT NOT NULL,
    at            INTEGER NOT NULL,
    PRIMARY KEY (scheme, before_recipe, after_recipe, pattern)
) STRICT, WITHOUT ROWID;

-- A memory, not a record: the lowest numbers go first. Digests only, of no scheme.
CREATE TABLE outcomes (
    id      INTEGER PRIMARY KEY,
    recipe  BLOB NOT NULL UNIQUE CHECK (length(recipe) = 32),
    outcome BLOB NOT NULL CHECK (length(outcome) = 32),
    fuel    INTEGER NOT NULL CHECK (fuel >= 0),
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE rollouts (
    id         INTEGER PRIMARY KEY,
    revision   INTEGER NOT NULL CHECK (revision >= 1),
    state      TEXT NOT NULL,
    body       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rollouts_state ON rollouts (state, id);

CREATE TABLE shadows (
    id       INTEGER PRIMARY KEY,
    scheme   INTEGER NOT NULL REFERENCES schemes (id),
    digest   BLOB NOT NULL CHECK (length(digest) = 32),
    revision INTEGER NOT NULL CHECK (revision >= 1),
    since    INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    ended    INTEGER,
    body     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX shadows_running ON shadows (scheme) WHERE ended IS NULL;
CREATE INDEX shadows_scheme ON shadows (scheme, id);
