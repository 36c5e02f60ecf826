CREATE TABLE t (a text, b text, c integer, d text DEFAULT '1');
