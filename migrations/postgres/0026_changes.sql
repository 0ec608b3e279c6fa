-- Every event of every ticket, in the order in which it became durable. Many connections write: a row has the number of its
-- transaction, and whoever reads waits for those that began before it.
CREATE TABLE changes (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  written BIGINT NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  ticket BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL
);
INSERT INTO changes (ticket, seq, at) SELECT ticket, seq, at FROM events ORDER BY at, ticket, seq;
CREATE INDEX changes_in_order ON changes (written, id);
CREATE INDEX changes_by_time ON changes (at);
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO changes (ticket, seq, at) VALUES (NEW.ticket, NEW.seq, NEW.at);
  RETURN NULL;
END $$;
CREATE TRIGGER events_are_changes AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION note_change();

-- Other systems that are called when something happened, each from its own place in the order of changes; and what came of the calls.
CREATE TABLE webhooks (
  name TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  place TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  paused_at BIGINT,
  failing_since BIGINT
);
CREATE TABLE webhook_calls (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  webhook TEXT NOT NULL,
  at BIGINT NOT NULL,
  told TEXT NOT NULL,
  changes BIGINT NOT NULL,
  taken BIGINT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX webhook_calls_by_webhook ON webhook_calls (webhook, id);
