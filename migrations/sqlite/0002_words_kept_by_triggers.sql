-- The index of words follows the text of words by itself: one statement less for each contact.
CREATE TRIGGER ticket_text_begins AFTER INSERT ON ticket_text BEGIN
  INSERT INTO ticket_words (rowid, words) VALUES (new.ticket, new.words);
END;
CREATE TRIGGER ticket_text_grows AFTER UPDATE ON ticket_text BEGIN
  DELETE FROM ticket_words WHERE rowid = old.ticket;
  INSERT INTO ticket_words (rowid, words) VALUES (new.ticket, new.words);
END;
