-- When a connection is read by whoever serves, and how that went last. A connection without a row has never been
-- scheduled otherwise than by its interval, and never failed.
CREATE TABLE schedule (
    connection_id BIGINT PRIMARY KEY REFERENCES connection (id) ON DELETE CASCADE,
    -- When everything is read, as a cron pattern in a zone; NULL: at the connection's interval.
    full_cron TEXT,
    zone TEXT,
    -- How often what changed is read in between; NULL: never.
    between_ms BIGINT,
    paused_at BIGINT,
    paused_by TEXT,
    -- When a person asked for everything to be read now; NULL once that was read.
    wanted_at BIGINT,
    -- Readings that failed since the last one that did not.
    failures BIGINT NOT NULL DEFAULT 0,
    failed_at BIGINT,
    failure TEXT
);
