CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TYPE moods AS RANGE (subtype = mood);
CREATE TABLE t (m moods DEFAULT '[a,b]');
