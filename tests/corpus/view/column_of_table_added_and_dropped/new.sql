CREATE TABLE z (a integer, came text);
CREATE VIEW v AS SELECT a, came FROM z;
CREATE VIEW kept AS SELECT a, came FROM z;
