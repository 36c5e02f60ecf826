CREATE SEQUENCE s;
CREATE SEQUENCE another;
CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY, n serial);
CREATE VIEW v AS SELECT last_value, is_called AND log_cnt > 0 AS busy FROM s;
CREATE VIEW i AS SELECT q.last_value AS here, p.* FROM t_id_seq q, t_n_seq p, another;
CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT last_value FROM another; END;
