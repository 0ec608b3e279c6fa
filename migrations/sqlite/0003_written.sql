-- What goes with a message besides its text, as JSON.
ALTER TABLE outbox ADD COLUMN enclosed TEXT;

-- What came and is no contact until a person says so.
CREATE TABLE held (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  external_id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  settled_by TEXT,
  settled_at INTEGER,
  ticket INTEGER
);
CREATE UNIQUE INDEX held_once ON held (channel, external_id);
CREATE INDEX held_waiting ON held (id) WHERE settled_at IS NULL;
