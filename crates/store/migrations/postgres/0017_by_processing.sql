-- What was processed since a time is found without reading what was kept before it.
CREATE INDEX event_by_processing ON event (processed_at);
