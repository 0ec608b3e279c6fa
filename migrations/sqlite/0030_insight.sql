-- Counting: what of a ticket is counted besides what the table has already.
ALTER TABLE tickets ADD COLUMN block TEXT;
ALTER TABLE tickets ADD COLUMN closed_at INTEGER;
ALTER TABLE tickets ADD COLUMN reopened_at INTEGER;
CREATE INDEX tickets_by_closing ON tickets (closed_at, department, officer, closure) WHERE closed_at IS NOT NULL;
CREATE INDEX tickets_by_reopening ON tickets (reopened_at) WHERE reopened_at IS NOT NULL;

-- Differences that events made to the counts, in the same transaction: so many tickets more or less of a kind, in a condition, on
-- a day. They are gathered into sums from time to time; a count is always the sum over both tables.
CREATE TABLE insight_changes (
  id INTEGER PRIMARY KEY,
  fact INTEGER NOT NULL,
  day INTEGER NOT NULL,
  department TEXT NOT NULL,
  category TEXT NOT NULL,
  class TEXT NOT NULL,
  district TEXT NOT NULL,
  block TEXT NOT NULL,
  channel TEXT NOT NULL,
  n INTEGER NOT NULL,
  days INTEGER NOT NULL
);

-- Sums by days (span 0) and by months (span 1), told apart by some of the columns (which: cuboid); the others are empty.
CREATE TABLE insight_sums (
  cuboid INTEGER NOT NULL,
  fact INTEGER NOT NULL,
  span INTEGER NOT NULL,
  day INTEGER NOT NULL,
  department TEXT NOT NULL,
  category TEXT NOT NULL,
  class TEXT NOT NULL,
  district TEXT NOT NULL,
  block TEXT NOT NULL,
  channel TEXT NOT NULL,
  n INTEGER NOT NULL,
  days INTEGER NOT NULL,
  PRIMARY KEY (cuboid, fact, span, day, department, category, class, district, block, channel)
) WITHOUT ROWID;
CREATE INDEX insight_sums_of_nothing ON insight_sums (cuboid) WHERE n = 0;

-- What was there before is counted at the next start.
INSERT INTO upkeep (task) VALUES ('insight');
