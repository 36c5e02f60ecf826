CREATE TABLE t (a integer, b integer DEFAULT 1, c integer DEFAULT 1, d text DEFAULT 'x', e date DEFAULT CURRENT_DATE);
