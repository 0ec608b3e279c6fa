-- Finding among a million tickets: words in the order of registration, lists by an index each.

-- The ticket's serial, from its number: the inverse of the permutation in the domain's `Number::from_serial`.
ALTER TABLE tickets ADD COLUMN serial INTEGER;
UPDATE tickets SET serial = (number / 10 - 100000000 - 271828182 + 900000000) % 900000000 * 801536909 % 900000000;
CREATE UNIQUE INDEX tickets_by_serial ON tickets (serial);
CREATE INDEX tickets_by_category ON tickets (category, registered_at);
CREATE INDEX tickets_by_district ON tickets (district, registered_at) WHERE district IS NOT NULL;
CREATE INDEX tickets_by_officer ON tickets (officer, registered_at) WHERE officer IS NOT NULL;
CREATE INDEX tickets_of_emergency ON tickets (registered_at) WHERE emergency = 1;

-- The rowid is the serial, so that the newest come first without sorting. Words come separated by spaces; the
-- tokeniser `ascii` leaves every letter beyond ASCII where it is.
DROP TABLE ticket_words;
DROP TABLE ticket_text;
CREATE VIRTUAL TABLE ticket_words USING fts5(words, content='', contentless_delete=1, tokenize='ascii', detail=none);

DROP INDEX outbox_by_time;
CREATE INDEX outbox_by_time ON outbox (created_at, key);
CREATE INDEX outbox_by_ticket ON outbox (ticket, created_at, key) WHERE ticket IS NOT NULL;
DROP INDEX calls_by_time;
CREATE INDEX calls_by_time ON calls (started_at, id);

-- What the program itself has still to do after a migration; it does so at the next start.
CREATE TABLE upkeep (task TEXT PRIMARY KEY);
INSERT INTO upkeep (task) VALUES ('words');
