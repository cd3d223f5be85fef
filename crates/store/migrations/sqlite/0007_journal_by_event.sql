-- Finding what came back does not read the whole journal.
CREATE INDEX journal_by_event ON journal (event, id);
