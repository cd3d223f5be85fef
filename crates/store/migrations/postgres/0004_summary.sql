-- What lists of accounts sort and filter by, as of the run that is published: written in the transaction that publishes
-- it, from the facts alone. Whoever looks at another run asks the facts. See docs/decisions/0007-one-summary.md.

-- Which run the rows below are of.
CREATE TABLE organization_summary (
    organization_id BIGINT NOT NULL PRIMARY KEY,
    run_id BIGINT NOT NULL
);

-- The bit of each workspace's product in account_summary.
CREATE TABLE product_summary (
    organization_id BIGINT NOT NULL,
    resource BIGINT NOT NULL,
    product BIGINT NOT NULL,
    PRIMARY KEY (organization_id, resource)
);

CREATE TABLE account_summary (
    organization_id BIGINT NOT NULL,
    -- As in person: what lists are searched in and sorted by.
    search TEXT NOT NULL,
    account BIGINT NOT NULL,
    -- Empty when not told.
    status TEXT NOT NULL,
    claim_status TEXT NOT NULL,
    account_type TEXT NOT NULL,
    -- Why it is not active: its status, or that of its directory memberships when none of them is active. Else empty.
    left_as TEXT NOT NULL,
    groups_in BIGINT NOT NULL,
    -- One bit for each product on which it holds a role.
    products BIGINT NOT NULL,
    is_administrator BIGINT NOT NULL,
    -- Until when the longest-living of its API tokens that were not revoked works, as Atlassian writes times; the year 9999 when
    -- no end was told, 0 when all were revoked, empty when there is none.
    tokens_until TEXT NOT NULL,
    -- 0 when none was told.
    last_active_at BIGINT NOT NULL,
    -- The same; the latest time there is when none was told, so that the longest inactive come first.
    inactive_since BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, search, account)
);
CREATE INDEX account_summary_by_groups ON account_summary (organization_id, groups_in DESC, search, account);
CREATE INDEX account_summary_by_active ON account_summary (organization_id, last_active_at DESC, search, account);
CREATE INDEX account_summary_by_inactive ON account_summary (organization_id, inactive_since, search, account);

-- When activity was last read is shown on most pages: finding it among 700,000 rows took 60 ms.
CREATE INDEX activity_by_read ON activity (organization_id, read_at);

-- What the process that reads is doing right now, once a second: another process shows it.
CREATE TABLE run_progress (
    run_id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    -- Of this session.
    requests BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    rate_limited BIGINT NOT NULL,
    -- Until when nothing is sent, and why: 'budget' when our share of the announced rate is used up, 'pause' when the
    -- server asked for one. Empty when nothing is waited for.
    waiting TEXT NOT NULL,
    waiting_until BIGINT NOT NULL
);
