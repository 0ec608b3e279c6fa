-- Every event of every ticket, in the order in which it became durable. One connection writes: the order is that of the rows.
CREATE TABLE changes (
  id INTEGER PRIMARY KEY,
  written INTEGER NOT NULL DEFAULT 0,
  ticket INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL
);
INSERT INTO changes (ticket, seq, at) SELECT ticket, seq, at FROM events ORDER BY at, ticket, seq;
CREATE INDEX changes_by_time ON changes (at);
CREATE TRIGGER events_are_changes AFTER INSERT ON events BEGIN
  INSERT INTO changes (ticket, seq, at) VALUES (new.ticket, new.seq, new.at);
END;

-- Other systems that are called when something happened, each from its own place in the order of changes; and what came of the calls.
CREATE TABLE webhooks (
  name TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  place TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  paused_at INTEGER,
  failing_since INTEGER
);
CREATE TABLE webhook_calls (
  id INTEGER PRIMARY KEY,
  webhook TEXT NOT NULL,
  at INTEGER NOT NULL,
  told TEXT NOT NULL,
  changes INTEGER NOT NULL,
  taken INTEGER NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX webhook_calls_by_webhook ON webhook_calls (webhook, id);
