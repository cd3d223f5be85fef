-- Changing Atlassian: whether a connection may, what guards it, and the plans with their actions and journal.
ALTER TABLE connection ADD COLUMN writes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connection ADD COLUMN self_approval BIGINT NOT NULL DEFAULT 0;
ALTER TABLE connection ADD COLUMN guards TEXT NOT NULL DEFAULT '{"version":1}';

-- A proposed set of changes. It belongs to the organization, and outlives the connection it is carried out through.
CREATE TABLE plan (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id BIGINT NOT NULL REFERENCES organization (id),
    connection_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    -- What it is about, in words.
    title TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    comment TEXT,
    -- SHA-256 of what it is to do, in hexadecimal.
    hash TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Whether the rest is done when an action fails.
    goes_on BIGINT NOT NULL,
    undo_of BIGINT,
    approved_by TEXT,
    approved_at BIGINT,
    started_at BIGINT,
    ended_at BIGINT,
    -- Why it is stopped, in words.
    note TEXT,
    -- The preview as it was shown: JSON with a version.
    preview TEXT NOT NULL
);
CREATE INDEX plan_by_organization ON plan (organization_id, id);

-- One change of a plan. Its intent is on record before it is sent.
CREATE TABLE action (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id BIGINT NOT NULL REFERENCES plan (id),
    position BIGINT NOT NULL,
    state TEXT NOT NULL,
    -- What is to become true, and what would undo it: JSON.
    action TEXT NOT NULL,
    undo TEXT,
    -- How often it was sent, and when last.
    attempts BIGINT NOT NULL DEFAULT 0,
    intent_at BIGINT,
    -- Whether it was so already, so that we changed nothing and undo nothing.
    was_so BIGINT NOT NULL DEFAULT 0,
    settled_at BIGINT,
    reason TEXT,
    next_step TEXT
);
CREATE UNIQUE INDEX action_by_plan ON action (plan_id, position);

-- What happened to plans and actions, in order; rows are only added.
CREATE TABLE journal (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_id BIGINT NOT NULL,
    action_id BIGINT,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX journal_by_plan ON journal (plan_id, id);

-- When a guard last held something back.
CREATE TABLE guard_trip (
    connection_id BIGINT NOT NULL,
    guard TEXT NOT NULL,
    at BIGINT NOT NULL,
    plan_id BIGINT,
    detail TEXT NOT NULL,
    PRIMARY KEY (connection_id, guard)
);
