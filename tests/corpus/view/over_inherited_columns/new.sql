CREATE TABLE parent (a integer);
CREATE TABLE z () INHERITS (parent);
CREATE VIEW b AS SELECT a FROM z;
