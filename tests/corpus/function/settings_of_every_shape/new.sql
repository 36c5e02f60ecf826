CREATE FUNCTION one() RETURNS void LANGUAGE sql SET search_path TO '' AS '';
CREATE FUNCTION two() RETURNS void LANGUAGE sql SET search_path = "$user", public, "Mixed Case", pg_temp AS '';
CREATE FUNCTION three() RETURNS void LANGUAGE sql SET search_path TO 'public', 'pg_temp' SET work_mem = '8MB' SET statement_timeout = 5000 SET enable_seqscan TO off AS '';
CREATE FUNCTION four() RETURNS void LANGUAGE sql SET TIME ZONE 'UTC' SET datestyle TO iso, dmy SET intervalstyle = 'postgres' AS '';
CREATE FUNCTION five() RETURNS void LANGUAGE sql SET my.setting = 'a b, c' SET My.Other TO true SET seq_page_cost = 1.5 SET random_page_cost = 2 AS '';
CREATE FUNCTION six() RETURNS void LANGUAGE sql SET search_path = public SET search_path = pg_catalog, public SET work_mem = '1MB' SET work_mem TO DEFAULT AS '';
CREATE FUNCTION seven() RETURNS void LANGUAGE sql SET client_min_messages TO warning SET role TO postgres SET extra_float_digits = -1 AS '';
CREATE FUNCTION eight() RETURNS void LANGUAGE sql SET "TimeZone" TO 'Europe/Berlin' SET Work_Mem TO 64 SET temp_tablespaces = '' AS '';
