-- Lists of accounts are read in the order of their lower-case names, and searched without touching the table.
CREATE INDEX person_by_search ON person (search, account);
