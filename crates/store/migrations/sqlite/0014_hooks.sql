-- Doors for deliveries of Atlassian's: what proves that one is genuine is sealed to its row.
CREATE TABLE hook (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    connection_id BIGINT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    sealed_secret BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);

-- Which deliveries came, so that a repeated one is none; nothing of what they say.
CREATE TABLE hook_delivery (
    hook_id BIGINT NOT NULL REFERENCES hook (id) ON DELETE CASCADE,
    delivery TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (hook_id, delivery)
);
CREATE INDEX hook_delivery_by_time ON hook_delivery (hook_id, at);
