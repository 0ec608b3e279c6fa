-- What came of a talk, as its agent says. A later word replaces the one before.
CREATE TABLE dispositions (
  call TEXT NOT NULL,
  agent TEXT NOT NULL,
  code TEXT NOT NULL,
  note TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (call, agent)
);
