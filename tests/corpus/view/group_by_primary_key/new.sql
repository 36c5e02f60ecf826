CREATE TABLE k (a integer CONSTRAINT other PRIMARY KEY, b text);
CREATE VIEW v AS SELECT a, b, count(*) FROM k GROUP BY a;
