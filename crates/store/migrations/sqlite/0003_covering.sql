-- Whether a fact is shown is answered by the indexes by key alone: counting 600,000 memberships took 3 s, now 0.1 s.
DROP INDEX fact_by_a;
DROP INDEX fact_by_b;
CREATE INDEX fact_by_a ON fact (organization_id, kind, a, b, c, begun_run, ended_run);
CREATE INDEX fact_by_b ON fact (organization_id, kind, b, c, a, begun_run, ended_run);
