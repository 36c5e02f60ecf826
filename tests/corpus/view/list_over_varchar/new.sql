CREATE TABLE s (state varchar(20), kind char(3), n integer);
CREATE VIEW v AS SELECT state, CASE WHEN kind IN ('a', 'b') THEN 1 ELSE 0 END AS k FROM s WHERE state NOT IN ('p', 'q') AND EXISTS (SELECT 1 FROM s t WHERE t.state IN ('x', 'y'));
CREATE MATERIALIZED VIEW m AS SELECT * FROM (SELECT state FROM s WHERE state IN ('p', 'q')) x;
