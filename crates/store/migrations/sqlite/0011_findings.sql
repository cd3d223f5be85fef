-- What rules found, what people decided about it, and what became of it.
CREATE TABLE finding (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id BIGINT NOT NULL REFERENCES organization (id),
    -- The rule's name, and by what the finding is known again: a list in JSON.
    rule TEXT NOT NULL,
    finding_key TEXT NOT NULL,
    severity TEXT NOT NULL,
    -- What it says, and the row that it is: an object in JSON.
    sentence TEXT NOT NULL,
    found TEXT NOT NULL,
    state TEXT NOT NULL,
    -- The last decision: what, why, by whom, when, until when. All or none.
    decision TEXT,
    decision_reason TEXT,
    decided_by TEXT,
    decided_at BIGINT,
    decided_until BIGINT,
    -- When it was first there, when it came to its state, and the run that brought it there.
    first_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    UNIQUE (organization_id, rule, finding_key)
);
CREATE INDEX finding_by_state ON finding (organization_id, state, severity, rule);

-- Each step in the life of a finding, in order; rows are only added. Alerts are made from them.
CREATE TABLE finding_transition (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id BIGINT NOT NULL,
    finding_id BIGINT NOT NULL REFERENCES finding (id),
    -- opened, reopened, suppressed, accepted, closed
    transition TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The run after which it was noticed; 0 when a person did it.
    run_id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX finding_transition_by_finding ON finding_transition (finding_id, id);

-- How the last evaluation of each rule ended.
CREATE TABLE rule_evaluation (
    organization_id BIGINT NOT NULL,
    rule TEXT NOT NULL,
    run_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    found BIGINT NOT NULL,
    -- Why it could not be evaluated; nothing when it was.
    error TEXT,
    PRIMARY KEY (organization_id, rule)
);
