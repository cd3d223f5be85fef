-- SQLite keeps the audit archive in a file of its own: sqlite_archive/0003_by_processing.sql.
SELECT 1;
