-- How far something was read that is read in order: a mailbox.
CREATE TABLE cursors (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- A mail's name is its Message-ID, the sign # and what it says; whatever answers it knows the Message-ID alone.
ALTER TABLE contacts ADD COLUMN message_id TEXT GENERATED ALWAYS AS (split_part(external_id, '#', 1)) STORED;
CREATE INDEX contacts_by_message_id ON contacts (message_id) WHERE channel = 'email';
