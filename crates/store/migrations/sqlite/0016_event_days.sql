-- SQLite keeps the audit archive in a file of its own: sqlite_archive/0002_event_days.sql.
SELECT 1;
