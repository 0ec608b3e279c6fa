-- Words are kept in volumes of so many tickets, the newest looked into first. All are made anew at the next start.
INSERT INTO ticket_words (ticket_words) VALUES ('delete-all');
INSERT OR IGNORE INTO upkeep (task) VALUES ('words');
