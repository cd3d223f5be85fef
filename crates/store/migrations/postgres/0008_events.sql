-- Reading by events: docs/decisions/0011-events-name-what-to-read.md.

-- 1: a reading of what events named; 0: of everything.
ALTER TABLE run ADD COLUMN incremental BIGINT NOT NULL DEFAULT 0;

-- What a run that reads only parts has seen all of: of this kind everything whose key has these parts (0: any). Within
-- that, and only there, what it did not see may have ended.
CREATE TABLE looked (
    run_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    a BIGINT NOT NULL,
    b BIGINT NOT NULL,
    c BIGINT NOT NULL,
    PRIMARY KEY (run_id, kind, a, b, c)
);

-- How far an organization's stream of events is read.
CREATE TABLE event_stream (
    organization_id BIGINT PRIMARY KEY,
    -- Where the next page begins; NULL: from a time on.
    cursor TEXT,
    -- The latest time of processing among the events kept.
    processed_at BIGINT NOT NULL,
    -- When the stream was last read to its end.
    polled_at BIGINT NOT NULL,
    -- Why the key may not read it; empty: it may.
    refused TEXT NOT NULL DEFAULT '',
    -- Since when a reading of everything is owed (0: none is), and why.
    whole_owed_at BIGINT NOT NULL DEFAULT 0,
    whole_owed TEXT NOT NULL DEFAULT ''
);

-- What events named, to be read again.
CREATE TABLE dirty (
    organization_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Not to be read before this: lists lag behind. NULL: it was read, and is kept for unknown_at.
    due_at BIGINT,
    -- When an event of an unknown action last named it: that counts once in a while only.
    unknown_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (organization_id, kind, id)
);

-- Who did what made a fact begin (0) or end (1), as an event tells. Kept here, because events may be forgotten.
CREATE TABLE cause (
    fact_id BIGINT NOT NULL,
    is_end BIGINT NOT NULL,
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (fact_id, is_end)
);

-- The audit archive: every event of the organizations' audit logs, in a file of its own, because it grows with what
-- people do and not with what changes.
CREATE TABLE event (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization TEXT NOT NULL,
    id TEXT NOT NULL,
    processed_at BIGINT NOT NULL,
    happened_at BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    -- Lower-case text that searching looks in: actor's name, ids and names of what it is about, place.
    search TEXT NOT NULL,
    -- The event as it came.
    body TEXT NOT NULL,
    UNIQUE (organization, id)
);
CREATE INDEX event_by_time ON event (organization, happened_at);
CREATE INDEX event_by_action ON event (organization, action, happened_at);
CREATE INDEX event_by_actor ON event (organization, actor, happened_at);

-- What an event is about.
CREATE TABLE event_subject (
    id TEXT NOT NULL,
    event BIGINT NOT NULL,
    PRIMARY KEY (id, event)
);
