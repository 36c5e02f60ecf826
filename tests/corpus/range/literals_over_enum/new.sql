CREATE TYPE mood AS ENUM ('good', 'fair', 'bad');
CREATE TYPE moods AS RANGE (subtype = mood);
CREATE TABLE t (m moods DEFAULT '(fair,fair)', ms moods_multirange DEFAULT '{[fair,bad), [good,fair), (bad,)}');
