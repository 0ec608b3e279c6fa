-- Words are kept in volumes of so many tickets, the newest looked into first. All are made anew at the next start.
TRUNCATE ticket_words;
INSERT INTO upkeep (task) VALUES ('words') ON CONFLICT DO NOTHING;
