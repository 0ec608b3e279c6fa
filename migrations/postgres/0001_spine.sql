-- The truth: what happened to each ticket. Append-only.
CREATE TABLE events (
  ticket BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  body TEXT NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (ticket, seq)
);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$;
CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What the events amount to, for reading. Folded in the same transaction.
CREATE TABLE tickets (
  number BIGINT PRIMARY KEY,
  state TEXT NOT NULL,
  person BIGINT NOT NULL,
  channel TEXT NOT NULL,
  category TEXT NOT NULL,
  department TEXT NOT NULL,
  sla_class TEXT NOT NULL,
  emergency BIGINT NOT NULL,
  district TEXT,
  officer TEXT,
  registered_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  folded TEXT NOT NULL,
  tail BYTEA NOT NULL,
  excerpt TEXT NOT NULL
);
CREATE INDEX tickets_by_time ON tickets (registered_at, number);
CREATE INDEX tickets_by_person ON tickets (person, registered_at);
CREATE INDEX tickets_by_state ON tickets (state, registered_at);
CREATE INDEX tickets_by_department ON tickets (department, state, registered_at);
CREATE SEQUENCE ticket_serial;

-- Words of a ticket, made by our own tokeniser.
CREATE TABLE ticket_words (ticket BIGINT PRIMARY KEY, words TSVECTOR NOT NULL);
CREATE INDEX ticket_words_found ON ticket_words USING gin (words);

CREATE TABLE persons (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name TEXT,
  language TEXT,
  created_at BIGINT NOT NULL
);
CREATE TABLE identities (
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  person BIGINT NOT NULL,
  PRIMARY KEY (kind, value)
);
CREATE INDEX identities_by_person ON identities (person);

CREATE TABLE contacts (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  channel TEXT NOT NULL,
  external_id TEXT NOT NULL,
  ticket BIGINT NOT NULL,
  person BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  body TEXT NOT NULL
);
CREATE UNIQUE INDEX contacts_once ON contacts (channel, external_id);
CREATE INDEX contacts_by_ticket ON contacts (ticket);

-- What must be sent. Written with what caused it.
CREATE TABLE outbox (
  key TEXT PRIMARY KEY,
  ticket BIGINT,
  channel TEXT NOT NULL,
  recipient TEXT NOT NULL,
  template TEXT NOT NULL,
  language TEXT NOT NULL,
  body TEXT NOT NULL,
  urgent BIGINT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  carrier_id TEXT,
  detail TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
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
  disabled BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE TABLE sessions (
  fingerprint BYTEA PRIMARY KEY,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_name ON sessions (name);
CREATE TABLE tokens (
  fingerprint BYTEA PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE calls (
  id TEXT PRIMARY KEY,
  started_at BIGINT NOT NULL,
  caller TEXT,
  reason TEXT NOT NULL,
  record TEXT NOT NULL
);
CREATE INDEX calls_by_time ON calls (started_at);
CREATE TABLE languages (phone TEXT PRIMARY KEY, language TEXT NOT NULL);
