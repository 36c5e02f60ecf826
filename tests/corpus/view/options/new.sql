CREATE VIEW v WITH (security_barrier=true, check_option='cascaded') AS SELECT a, c FROM t;
CREATE VIEW w AS SELECT a FROM t;
CREATE VIEW x WITH (security_barrier=false) AS SELECT a FROM t WHERE a > 1;
