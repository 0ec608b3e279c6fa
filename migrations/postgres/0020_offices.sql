-- The office that has a ticket; before there were offices, the head office of its department.
ALTER TABLE tickets ADD COLUMN office TEXT NOT NULL DEFAULT '';
UPDATE tickets SET office = department;
CREATE INDEX tickets_by_office ON tickets (office, state, registered_at, number);

-- On whose word it was closed, and who said so: overrides are counted from here.
ALTER TABLE tickets ADD COLUMN closure TEXT;
ALTER TABLE tickets ADD COLUMN closed_by TEXT;
UPDATE tickets SET closure = folded::json ->> 'closure' WHERE state = 'closed';
CREATE INDEX tickets_by_closure ON tickets (closure, closed_by) WHERE closure IS NOT NULL;

-- When a ticket's clock is to be looked at next. What was done stands in its events.
ALTER TABLE tickets ADD COLUMN next_due_at BIGINT;
UPDATE tickets SET next_due_at = 0 WHERE state NOT IN ('closed', 'merged', 'policy_register');
CREATE INDEX tickets_next_due ON tickets (next_due_at) WHERE next_due_at IS NOT NULL;
CREATE INDEX tickets_late ON tickets (due_at) WHERE next_due_at IS NOT NULL;

-- Offices that a ticket complains of: nobody in them sees it.
CREATE TABLE complained_of (ticket BIGINT NOT NULL, office TEXT NOT NULL, PRIMARY KEY (ticket, office));

-- Of which office, and of which district, somebody sees the tickets.
ALTER TABLE users ADD COLUMN office TEXT;
ALTER TABLE users ADD COLUMN district TEXT;

-- Which rules were in force when the program last ran.
CREATE TABLE rules_in_force (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL);
CREATE INDEX users_by_office ON users (office) WHERE office IS NOT NULL;
CREATE INDEX users_by_department ON users (department) WHERE department IS NOT NULL;
