CREATE TABLE s (state varchar(20), kind char(3), n integer);
CREATE VIEW v AS SELECT state, CASE WHEN kind IN ('a', 'b') THEN 1 ELSE 0 END AS k FROM s WHERE state IN ('p', 'q') AND n IN (1, 2);
