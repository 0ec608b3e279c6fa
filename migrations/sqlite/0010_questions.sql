-- When the citizen of a ticket is to be asked next whether it is settled. What was asked stands in the events.
CREATE TABLE questions (ticket INTEGER PRIMARY KEY, next_at INTEGER NOT NULL);
CREATE INDEX questions_due ON questions (next_at);

-- Addresses that want no notices.
CREATE TABLE opt_outs (
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (channel, address)
);
