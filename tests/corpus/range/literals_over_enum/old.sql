CREATE TYPE mood AS ENUM ('good', 'fair', 'bad');
CREATE TYPE moods AS RANGE (subtype = mood);
CREATE TABLE t (m moods DEFAULT '[good,bad)', ms moods_multirange);
