-- How many listings of a family that ended well its own row stands for, with their pages and rows: once a run is over,
-- nobody asks for them one by one. An organization of 500 groups kept 1,200 rows of each reading, 60 MB a year.
ALTER TABLE listing ADD COLUMN folded BIGINT NOT NULL DEFAULT 0;
UPDATE listing
SET folded = (
        SELECT COUNT(*) FROM listing l
        JOIN run r ON r.id = l.run_id
        WHERE l.run_id = listing.run_id AND l.family = listing.family AND l.name <> '' AND l.state = 'ended'
        AND l.note IS NULL AND r.state NOT IN ('reading', 'merging')),
    pages = pages + (
        SELECT COALESCE(SUM(l.pages), 0) FROM listing l
        JOIN run r ON r.id = l.run_id
        WHERE l.run_id = listing.run_id AND l.family = listing.family AND l.name <> '' AND l.state = 'ended'
        AND l.note IS NULL AND r.state NOT IN ('reading', 'merging')),
    rows_seen = rows_seen + (
        SELECT COALESCE(SUM(l.rows_seen), 0) FROM listing l
        JOIN run r ON r.id = l.run_id
        WHERE l.run_id = listing.run_id AND l.family = listing.family AND l.name <> '' AND l.state = 'ended'
        AND l.note IS NULL AND r.state NOT IN ('reading', 'merging'))
WHERE name = '';
DELETE FROM listing
WHERE name <> '' AND state = 'ended' AND note IS NULL
AND EXISTS (SELECT 1 FROM run r WHERE r.id = listing.run_id AND r.state NOT IN ('reading', 'merging'))
AND EXISTS (SELECT 1 FROM listing l WHERE l.run_id = listing.run_id AND l.family = listing.family AND l.name = '');
DELETE FROM listing_kind
WHERE EXISTS (SELECT 1 FROM run r WHERE r.id = listing_kind.run_id AND r.state NOT IN ('reading', 'merging'));
