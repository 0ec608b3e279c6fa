-- The last message of a person in a channel: which ticket a conversation goes on with, and how long a channel stays open.
CREATE INDEX contacts_by_person ON contacts (person, channel, received_at);

-- What was written to an address: some channels report that everything until a time was read.
CREATE INDEX outbox_by_recipient ON outbox (recipient, created_at) WHERE state IN ('sent', 'delivered');

-- Files that a contact only refers to, until they are fetched or cannot be had any more.
CREATE TABLE awaited_files (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  contact TEXT NOT NULL,
  place INTEGER NOT NULL,
  account TEXT NOT NULL,
  file TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  settled_at INTEGER
);
CREATE UNIQUE INDEX awaited_files_once ON awaited_files (channel, contact, place);
CREATE INDEX awaited_files_due ON awaited_files (next_at) WHERE settled_at IS NULL;
