CREATE TABLE t (a integer PRIMARY KEY, b text, c numeric(10,2) DEFAULT 0);
CREATE TABLE log (what text, at timestamptz DEFAULT now());
