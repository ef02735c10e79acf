-- Schema 1. Every row belongs to a tenant through its scheme or its target, both of which carry the tenant in their key.
-- Times are milliseconds UTC, decimals are text, digests are 32 bytes, bodies are zstd with the digest of the plain text.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (name, value) VALUES ('generation', 0), ('clean', 1);

CREATE TABLE schemes (
    id               INTEGER PRIMARY KEY,
    tenant           TEXT NOT NULL,
    name             TEXT NOT NULL,
    source_account   TEXT,
    mark             INTEGER,
    last_delivery_at INTEGER,
    UNIQUE (tenant, name)
) STRICT;

CREATE TABLE targets (
    id      INTEGER PRIMARY KEY,
    tenant  TEXT NOT NULL,
    account TEXT NOT NULL,
    api     TEXT NOT NULL,
    UNIQUE (tenant, account, api)
) STRICT;

CREATE TABLE windows (
    scheme     INTEGER NOT NULL REFERENCES schemes (id),
    id         INTEGER NOT NULL CHECK (id >= 1),
    start_at   INTEGER NOT NULL,
    end_at     INTEGER NOT NULL,
    moves_mark INTEGER NOT NULL CHECK (moves_mark IN (0, 1)),
    lease      INTEGER NOT NULL CHECK (lease >= 1),
    position   TEXT,
    pages      INTEGER NOT NULL DEFAULT 0,
    rows       INTEGER NOT NULL DEFAULT 0,
    opened_at  INTEGER NOT NULL,
    closed_at  INTEGER,
    PRIMARY KEY (scheme, id),
    CHECK ((position IS NULL) = (pages = 0))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX windows_open ON windows (scheme) WHERE closed_at IS NULL;

-- `standing`, `members` and `amount` are what the group last counted for in `tallies`.
CREATE TABLE groups (
    id         INTEGER PRIMARY KEY,
    scheme     INTEGER NOT NULL REFERENCES schemes (id),
    key        TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'mapped', 'skipped', 'problem', 'empty')),
    owner      BLOB,
    lease      INTEGER NOT NULL DEFAULT 0 CHECK (lease >= 0),
    claims     INTEGER NOT NULL DEFAULT 0 CHECK (claims >= 0),
    reason     TEXT,
    recipe     BLOB CHECK (length(recipe) = 32),
    omitted    TEXT,
    settled_at INTEGER,
    standing   TEXT CHECK (standing IN ('waiting', 'queued', 'delivered', 'unknown', 'held', 'skipped', 'problem')),
    members    INTEGER NOT NULL DEFAULT 0,
    amount     TEXT NOT NULL DEFAULT '0',
    UNIQUE (scheme, key),
    CHECK ((state = 'claimed') = (owner IS NOT NULL)),
    CHECK (state <> 'claimed' OR claims >= 1),
    CHECK ((recipe IS NULL) = (settled_at IS NULL)),
    CHECK (state NOT IN ('mapped', 'skipped', 'problem') OR recipe IS NOT NULL),
    CHECK (state <> 'skipped' OR reason IS NOT NULL)
) STRICT;
CREATE INDEX groups_due ON groups (scheme, id) WHERE state = 'waiting';
CREATE INDEX groups_standing ON groups (scheme, standing);

CREATE TABLE records (
    id          INTEGER PRIMARY KEY,
    scheme      INTEGER NOT NULL REFERENCES schemes (id),
    key         TEXT NOT NULL,
    group_id    INTEGER NOT NULL REFERENCES groups (id),
    revision    INTEGER NOT NULL CHECK (revision >= 1),
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    received_at INTEGER NOT NULL,
    amount      TEXT,
    quantity    TEXT,
    date        TEXT,
    columns     TEXT NOT NULL,
    aliases     TEXT NOT NULL,
    accepted    INTEGER NOT NULL DEFAULT 0 CHECK (accepted IN (0, 1)),
    mapped      INTEGER NOT NULL DEFAULT 0 CHECK (mapped IN (0, 1)),
    UNIQUE (scheme, key)
) STRICT;
CREATE INDEX records_group ON records (group_id);
CREATE INDEX records_received ON records (scheme, received_at, id);

CREATE TABLE revisions (
    id          INTEGER PRIMARY KEY,
    record      INTEGER NOT NULL REFERENCES records (id),
    revision    INTEGER NOT NULL CHECK (revision >= 1),
    received_at INTEGER NOT NULL,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    body        BLOB NOT NULL,
    UNIQUE (record, revision)
) STRICT;

-- For finding; `records.aliases` lists them by record.
CREATE TABLE aliases (
    scheme INTEGER NOT NULL REFERENCES schemes (id),
    value  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    record INTEGER NOT NULL REFERENCES records (id),
    PRIMARY KEY (scheme, value, kind, record)
) STRICT, WITHOUT ROWID;

-- `withdrawn` rows keep their attempts and never come back: the key is free again.
CREATE TABLE deliveries (
    id           INTEGER PRIMARY KEY,
    scheme       INTEGER NOT NULL REFERENCES schemes (id),
    group_id     INTEGER NOT NULL REFERENCES groups (id),
    target       INTEGER NOT NULL REFERENCES targets (id),
    key          TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN
                     ('queued', 'claimed', 'sending', 'delivered', 'unknown', 'dead', 'held', 'withdrawn')),
    lease        INTEGER NOT NULL DEFAULT 0 CHECK (lease >= 0),
    owner        BLOB,
    attempts     INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    defers       INTEGER NOT NULL DEFAULT 0 CHECK (defers >= 0),
    transients   INTEGER NOT NULL DEFAULT 0 CHECK (transients >= 0),
    serial       INTEGER NOT NULL DEFAULT 0 CHECK (serial >= 0),
    duplicate    INTEGER NOT NULL DEFAULT 0 CHECK (duplicate IN (0, 1)),
    ever_sent    INTEGER NOT NULL DEFAULT 0 CHECK (ever_sent IN (0, 1)),
    run_at       INTEGER NOT NULL,
    ask_at       INTEGER,
    intent_at    INTEGER,
    reason       TEXT,
    dead_kind    TEXT,
    reference    TEXT,
    adopted      INTEGER NOT NULL DEFAULT 0 CHECK (adopted IN (0, 1)),
    settled_by   TEXT,
    queued_at    INTEGER NOT NULL,
    delivered_at INTEGER,
    amount       TEXT,
    recipe       BLOB NOT NULL CHECK (length(recipe) = 32),
    CHECK ((state IN ('claimed', 'sending')) = (owner IS NOT NULL)),
    CHECK ((state = 'unknown') = (ask_at IS NOT NULL)),
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL)),
    CHECK ((state = 'dead') = (dead_kind IS NOT NULL)),
    CHECK (state NOT IN ('sending', 'unknown', 'delivered') OR (ever_sent = 1 AND intent_at IS NOT NULL)),
    CHECK (adopted = 0 OR state = 'delivered')
) STRICT;
CREATE UNIQUE INDEX deliveries_key ON deliveries (target, key) WHERE state <> 'withdrawn';
CREATE INDEX deliveries_due ON deliveries (target, run_at, id) WHERE state = 'queued';
CREATE INDEX deliveries_ask ON deliveries (target, ask_at, id) WHERE state = 'unknown';
CREATE INDEX deliveries_proof ON deliveries (target, delivered_at, id) WHERE state = 'delivered' AND settled_by IS NULL;
CREATE INDEX deliveries_state ON deliveries (scheme, state, queued_at, id);
CREATE INDEX deliveries_group ON deliveries (group_id);

-- Apart from `deliveries`, so that a change of state does not rewrite the body.
CREATE TABLE payloads (
    delivery INTEGER PRIMARY KEY REFERENCES deliveries (id),
    hash     BLOB NOT NULL CHECK (length(hash) = 32),
    body     BLOB NOT NULL
) STRICT;

-- Deliveries that carry a document of the group but were made by another one (a copied or renamed scheme).
CREATE TABLE borrowed (
    group_id INTEGER NOT NULL REFERENCES groups (id),
    delivery INTEGER NOT NULL REFERENCES deliveries (id),
    PRIMARY KEY (group_id, delivery)
) STRICT, WITHOUT ROWID;
CREATE INDEX borrowed_delivery ON borrowed (delivery);

CREATE TABLE attempts (
    delivery   INTEGER NOT NULL REFERENCES deliveries (id),
    number     INTEGER NOT NULL CHECK (number >= 1),
    kind       TEXT NOT NULL CHECK (kind IN ('send', 'lookup')),
    begun_at   INTEGER NOT NULL,
    request    TEXT NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT,
    took_ms    INTEGER,
    reply_hash BLOB CHECK (length(reply_hash) = 32),
    reply      BLOB,
    PRIMARY KEY (delivery, number),
    CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CHECK ((ended_at IS NULL) = (took_ms IS NULL)),
    CHECK ((ended_at IS NULL) = (reply IS NULL)),
    CHECK ((reply IS NULL) = (reply_hash IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE problems (
    id           INTEGER PRIMARY KEY,
    scheme       INTEGER NOT NULL REFERENCES schemes (id),
    group_key    TEXT NOT NULL,
    delivery_key TEXT,
    kind         TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    code         TEXT NOT NULL,
    message      TEXT NOT NULL,
    path         TEXT,
    details      TEXT NOT NULL,
    amount       TEXT,
    body_hash    BLOB CHECK (length(body_hash) = 32),
    body         BLOB,
    opened_at    INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL,
    times        INTEGER NOT NULL DEFAULT 1 CHECK (times >= 1),
    resolved_at  INTEGER,
    resolved_by  TEXT,
    note         TEXT,
    CHECK ((body IS NULL) = (body_hash IS NULL)),
    CHECK ((resolved_at IS NULL) = (resolved_by IS NULL)),
    CHECK ((resolved_at IS NULL) = (note IS NULL))
) STRICT;
CREATE UNIQUE INDEX problems_same ON problems (scheme, group_key, kind, fingerprint, coalesce(delivery_key, ''))
    WHERE resolved_at IS NULL;
CREATE INDEX problems_open ON problems (scheme, id) WHERE resolved_at IS NULL;
CREATE INDEX problems_group ON problems (scheme, group_key);
CREATE INDEX problems_delivery ON problems (scheme, delivery_key) WHERE delivery_key IS NOT NULL;

CREATE TABLE fires (
    scheme   INTEGER NOT NULL REFERENCES schemes (id),
    half     TEXT NOT NULL CHECK (half IN ('source', 'target')),
    next_at  INTEGER,
    fired_at INTEGER NOT NULL,
    PRIMARY KEY (scheme, half)
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
    id     INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    kind   TEXT NOT NULL,
    body   BLOB NOT NULL
) STRICT;

CREATE TABLE deployments (
    scheme     INTEGER NOT NULL REFERENCES schemes (id),
    id         INTEGER NOT NULL CHECK (id >= 1),
    digest     BLOB NOT NULL CHECK (length(digest) = 32),
    definition TEXT NOT NULL,
    plugins    TEXT NOT NULL,
    tables     TEXT NOT NULL,
    by         TEXT NOT NULL,
    note       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    PRIMARY KEY (scheme, id)
) STRICT;
CREATE UNIQUE INDEX deployments_active ON deployments (scheme) WHERE active = 1;

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    by      TEXT NOT NULL,
    command TEXT NOT NULL,
    subject TEXT NOT NULL
) STRICT;

-- Kept inside the transactions that change what is counted; `recount` derives them again from the rows.
CREATE TABLE tallies (
    scheme  INTEGER NOT NULL REFERENCES schemes (id),
    family  TEXT NOT NULL CHECK (family IN ('standing', 'delivery', 'problem', 'adopted')),
    word    TEXT NOT NULL,
    count   INTEGER NOT NULL,
    records INTEGER NOT NULL,
    amount  TEXT NOT NULL,
    PRIMARY KEY (scheme, family, word)
) STRICT, WITHOUT ROWID;
