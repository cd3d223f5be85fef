-- The audit archive: every event of the organizations' audit logs, in a file of its own, because it grows with what
-- people do and not with what changes.
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
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
) WITHOUT ROWID;
