CREATE TABLE z (a integer, gone text);
CREATE VIEW v AS SELECT a, gone FROM z;
CREATE VIEW kept AS SELECT a FROM z;
