CREATE TYPE mood AS ENUM ('sad', 'ok', 'great');
CREATE TABLE t (m mood DEFAULT 'great', n mood CHECK (n IN ('ok', 'great')));
CREATE INDEX t_great ON t (m) WHERE m = 'great';
