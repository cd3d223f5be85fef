-- What is kept, and why it looks so: docs/decisions/0002-one-fact-table.md.
-- Times are milliseconds since 1970-01-01T00:00:00Z. Flags are 0 or 1.

-- Texts that many rows repeat (ids, roles) as numbers.
CREATE TABLE term (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL UNIQUE
);

CREATE TABLE organization (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    atlassian_id TEXT NOT NULL UNIQUE,
    name TEXT,
    -- The last run whose facts people see; a run's facts are hidden until this number reaches it.
    published_run BIGINT NOT NULL DEFAULT 0
);

-- A credentialed link to one organization.
CREATE TABLE connection (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id BIGINT NOT NULL REFERENCES organization (id),
    name TEXT NOT NULL UNIQUE,
    base_url TEXT NOT NULL,
    sealed_key BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    sync_interval_ms BIGINT NOT NULL,
    -- Set by a person who confirmed a held run: the next reading is not held for the drop they have seen.
    drop_confirmed BIGINT NOT NULL DEFAULT 0,
    -- What probing taught us of this tenant, as JSON with a version.
    semantics TEXT NOT NULL
);

-- One reading of an organization.
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id BIGINT NOT NULL REFERENCES organization (id),
    connection_id BIGINT NOT NULL,
    with_methods BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    requests BIGINT NOT NULL DEFAULT 0,
    changes_begun BIGINT NOT NULL DEFAULT 0,
    changes_ended BIGINT NOT NULL DEFAULT 0,
    -- Why it is held or incomplete, what drifted: JSON with a version.
    report TEXT NOT NULL
);
CREATE INDEX run_by_organization ON run (organization_id, id);

-- The smallest things that can be read completely, and how far their reading is. The row with an empty name
-- stands for its family as a whole: it ends when every listing of the family ended and was verified.
CREATE TABLE listing (
    run_id BIGINT NOT NULL REFERENCES run (id),
    family TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    cursor TEXT,
    pages BIGINT NOT NULL DEFAULT 0,
    rows_seen BIGINT NOT NULL DEFAULT 0,
    expected BIGINT,
    note TEXT,
    PRIMARY KEY (run_id, family, name)
);

-- Which kinds of facts a family of listings covers: absence can be concluded only when all of them ended.
CREATE TABLE listing_kind (
    run_id BIGINT NOT NULL,
    family TEXT NOT NULL,
    kind BIGINT NOT NULL,
    PRIMARY KEY (run_id, kind, family)
);

-- What the pages of a run showed, before it is merged. A later observation replaces an earlier one.
CREATE TABLE staged (
    run_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    a BIGINT NOT NULL,
    b BIGINT NOT NULL,
    c BIGINT NOT NULL,
    attributes TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (run_id, kind, a, b, c)
) WITHOUT ROWID;

-- One thing observed to be so, from when until when.
CREATE TABLE fact (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    a BIGINT NOT NULL,
    b BIGINT NOT NULL,
    c BIGINT NOT NULL,
    attributes TEXT NOT NULL,
    -- The last complete reading that did not show it; NULL when there was none.
    unseen_at BIGINT,
    -- When the request was sent whose answer first showed it.
    seen_at BIGINT NOT NULL,
    begun_run BIGINT NOT NULL,
    -- NULL while it is so. The time is that of the look that confirmed its absence.
    ended_run BIGINT,
    ended_at BIGINT,
    -- The last time it was seen before it ended.
    last_seen_at BIGINT
);
CREATE UNIQUE INDEX fact_open ON fact (organization_id, kind, a, b, c) WHERE ended_run IS NULL;
CREATE INDEX fact_by_b ON fact (organization_id, kind, b, c, a);
CREATE INDEX fact_by_a ON fact (organization_id, kind, a, b, c);
CREATE INDEX fact_by_begun ON fact (organization_id, begun_run, id);
CREATE INDEX fact_by_ended ON fact (organization_id, ended_run, id) WHERE ended_run IS NOT NULL;

-- What describes people, apart from the facts, so that erasing a person keeps the history by id.
CREATE TABLE person (
    account BIGINT PRIMARY KEY,
    name TEXT,
    email TEXT,
    attributes TEXT NOT NULL,
    -- Lower-case text that searching looks in: name, e-mail and account id.
    search TEXT NOT NULL,
    erased_at BIGINT
);
CREATE INDEX person_by_name ON person (name, account);

-- Restless values: the latest activity of an account on a resource, with the time it was read.
CREATE TABLE activity (
    organization_id BIGINT NOT NULL,
    account BIGINT NOT NULL,
    resource BIGINT NOT NULL,
    last_active_at BIGINT,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, account, resource)
) WITHOUT ROWID;

-- Who may write what, one holder at a time; the fencing number grows with each holder.
CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    fencing BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Work to be done later or again. At most one open job for each unique key.
CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    unique_key TEXT NOT NULL UNIQUE,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    fencing BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX job_by_time ON job (run_at);

-- What people did with the product itself.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);

-- A sealed known text by which a wrong master key is noticed before anything is written.
CREATE TABLE master_key_check (
    id BIGINT PRIMARY KEY,
    sealed BLOB NOT NULL
);
