-- Where messages go. The secret is sealed to its row, like a connection's key.
CREATE TABLE channel (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    -- What it is and where it leads, as JSON; no secret.
    settings TEXT NOT NULL,
    sealed_secret BLOB,
    -- Whether it may reach private addresses.
    allow_private BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);

-- What is told, and through which channels.
CREATE TABLE alert (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    -- NULL: of every organization.
    organization_id BIGINT REFERENCES organization (id),
    -- What it is about, as JSON.
    condition TEXT NOT NULL,
    is_on BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE TABLE alert_channel (
    alert_id BIGINT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    channel_id BIGINT NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    PRIMARY KEY (alert_id, channel_id)
);
-- What an alert last saw of an organization, where it tells only what is new: a number, the rows of a query.
CREATE TABLE alert_memory (
    alert_id BIGINT NOT NULL REFERENCES alert (id) ON DELETE CASCADE,
    organization_id BIGINT NOT NULL,
    seen TEXT NOT NULL,
    PRIMARY KEY (alert_id, organization_id)
);

-- What was told to whom. An alert tells the same thing (its cause) through a channel once.
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    cause TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    -- The message as it is sent, as JSON without its id.
    content TEXT NOT NULL,
    state TEXT NOT NULL,
    sent_at BIGINT,
    UNIQUE (alert_id, channel_id, cause)
);
CREATE INDEX message_by_state ON message (state, id);

-- Each attempt to bring a message through its channel.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id BIGINT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    -- Why it did not come about; NULL when it did.
    failure TEXT
);
CREATE INDEX delivery_by_message ON delivery (message_id, id);
