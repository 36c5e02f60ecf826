CREATE TABLE source (a integer NOT NULL DEFAULT 1, b text CHECK (b <> ''), c serial, UNIQUE (a));
CREATE TABLE copy (LIKE source);
