CREATE TABLE m (a integer, b text, c timestamptz) PARTITION BY RANGE (a, lower(b) COLLATE "C" text_pattern_ops, (a + 1));
CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM (1, MINVALUE, MINVALUE) TO (10, MAXVALUE, MAXVALUE);
CREATE TABLE e (a integer, j jsonb) PARTITION BY LIST ((j ->> 'kind'));
CREATE TABLE e_1 PARTITION OF e FOR VALUES IN ('x');
