-- Questions in SQL that people keep.
CREATE TABLE saved_question (
    name TEXT NOT NULL PRIMARY KEY,
    about TEXT NOT NULL,
    sql TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_at BIGINT NOT NULL
);
