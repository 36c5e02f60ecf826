CREATE TABLE t (a integer, b text, c integer NOT NULL DEFAULT 0, d timestamptz DEFAULT now() NOT NULL);
