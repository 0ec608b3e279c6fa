-- The truth: what happened to each ticket. Append-only.
CREATE TABLE events (
  ticket INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (ticket, seq)
) WITHOUT ROWID;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

-- What the events amount to, for reading. Folded in the same transaction.
CREATE TABLE tickets (
  number INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  person INTEGER NOT NULL,
  channel TEXT NOT NULL,
  category TEXT NOT NULL,
  department TEXT NOT NULL,
  sla_class TEXT NOT NULL,
  emergency INTEGER NOT NULL,
  district TEXT,
  officer TEXT,
  registered_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  folded TEXT NOT NULL,
  tail BLOB NOT NULL,
  excerpt TEXT NOT NULL
);
CREATE INDEX tickets_by_time ON tickets (registered_at, number);
CREATE INDEX tickets_by_person ON tickets (person, registered_at);
CREATE INDEX tickets_by_state ON tickets (state, registered_at);
CREATE INDEX tickets_by_department ON tickets (department, state, registered_at);
CREATE TABLE serials (name TEXT PRIMARY KEY, last INTEGER NOT NULL);
INSERT INTO serials (name, last) VALUES ('ticket', 0);

-- Words of a ticket, made by our own tokeniser; the rowid is the ticket's number.
CREATE VIRTUAL TABLE ticket_words USING fts5(words, content='', contentless_delete=1, tokenize="ascii", detail=none, prefix='3 4 5');
CREATE TABLE ticket_text (ticket INTEGER PRIMARY KEY, words TEXT NOT NULL);

CREATE TABLE persons (
  id INTEGER PRIMARY KEY,
  name TEXT,
  language TEXT,
  created_at INTEGER NOT NULL
);
CREATE TABLE identities (
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  person INTEGER NOT NULL,
  PRIMARY KEY (kind, value)
) WITHOUT ROWID;
CREATE INDEX identities_by_person ON identities (person);

CREATE TABLE contacts (
  id INTEGER PRIMARY KEY,
  channel TEXT NOT NULL,
  external_id TEXT NOT NULL,
  ticket INTEGER NOT NULL,
  person INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX contacts_once ON contacts (channel, external_id);
CREATE INDEX contacts_by_ticket ON contacts (ticket);

-- What must be sent. Written with what caused it.
CREATE TABLE outbox (
  key TEXT PRIMARY KEY,
  ticket INTEGER,
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  template TEXT NOT NULL,
  language TEXT NOT NULL,
  body TEXT NOT NULL,
  urgent INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  carrier_id TEXT,
  detail TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_at) WHERE state = 'queued';
CREATE INDEX outbox_by_time ON outbox (created_at);
CREATE INDEX outbox_by_carrier ON outbox (carrier_id) WHERE carrier_id IS NOT NULL;

CREATE TABLE users (
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  department TEXT,
  phone TEXT,
  password TEXT,
  disabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE TABLE sessions (
  fingerprint BLOB PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
);
CREATE INDEX sessions_by_name ON sessions (name);
CREATE TABLE tokens (
  fingerprint BLOB PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE calls (
  id TEXT PRIMARY KEY,
  started_at INTEGER NOT NULL,
  caller TEXT,
  reason TEXT NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX calls_by_time ON calls (started_at);
CREATE TABLE languages (phone TEXT PRIMARY KEY, language TEXT NOT NULL);
