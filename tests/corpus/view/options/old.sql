CREATE VIEW v AS SELECT a, c FROM t;
CREATE VIEW w WITH (security_barrier=true) AS SELECT a FROM t;
CREATE VIEW x WITH (check_option=local) AS SELECT a FROM t;
