-- A connection may also know a SCIM directory: its address, and its token sealed to the row. Both or neither.
ALTER TABLE connection ADD COLUMN scim_url TEXT;
ALTER TABLE connection ADD COLUMN sealed_scim_token BLOB;
