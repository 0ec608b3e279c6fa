-- What stands in the place of a text that must not be read after it was sent or given up.
ALTER TABLE outbox ADD COLUMN masked TEXT;

-- One-time codes: only hashes. Whoever asked holds the secret; without it the hash of the code says nothing. A code that was
-- asked for somebody who is not known is kept like any other, and goes to nobody.
CREATE TABLE one_time_codes (
  fingerprint BYTEA PRIMARY KEY,
  code BYTEA NOT NULL,
  kind TEXT,
  address TEXT,
  tries BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX one_time_codes_by_age ON one_time_codes (created_at);
CREATE INDEX one_time_codes_by_address ON one_time_codes (address, created_at) WHERE address IS NOT NULL;

-- Citizens who have shown that a telephone or a mail address is theirs.
CREATE TABLE citizen_sessions (
  fingerprint BYTEA PRIMARY KEY,
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX citizen_sessions_by_end ON citizen_sessions (expires_at);
