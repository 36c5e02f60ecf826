-- Every property of every kind, on all majors. No name in it is a keyword.
CREATE SCHEMA app;
COMMENT ON SCHEMA app IS 'the app';
CREATE EXTENSION hstore;
CREATE EXTENSION btree_gist WITH SCHEMA app;
CREATE EXTENSION citext;
CREATE TYPE app.mood AS ENUM ('sad','ok');
ALTER TYPE app.mood ADD VALUE 'meh' BEFORE 'ok';
COMMENT ON TYPE app.mood IS 'm';
CREATE DOMAIN app.email AS character varying(200) COLLATE "C" DEFAULT 'x'::text NOT NULL CONSTRAINT email_check CHECK (VALUE ~ '@');
ALTER DOMAIN app.email ADD CONSTRAINT later CHECK (length(VALUE) > 3) NOT VALID;
COMMENT ON CONSTRAINT later ON DOMAIN app.email IS 'dc';
CREATE TYPE app.address AS (street text, "No" integer, zip character varying(10) COLLATE "C");
COMMENT ON COLUMN app.address."No" IS 'number';
CREATE TYPE app.frange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE SEQUENCE app.seq AS integer START 5 INCREMENT 3 MINVALUE 2 MAXVALUE 900 CACHE 4 CYCLE;
COMMENT ON SEQUENCE app.seq IS 'seq';
CREATE FUNCTION app.tf() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE FUNCTION app.f(a integer, b text DEFAULT 'x, y', OUT c integer, VARIADIC d numeric[] DEFAULT ARRAY[1, 2]) LANGUAGE sql STABLE STRICT SECURITY DEFINER PARALLEL SAFE COST 7 SET search_path TO app, public SET work_mem = '4MB' AS $$ SELECT 1 $$;
CREATE FUNCTION app.g(x integer) RETURNS TABLE (p integer, q text) LANGUAGE sql ROWS 17 LEAKPROOF IMMUTABLE AS $$ SELECT 1, 'x' $$;
COMMENT ON FUNCTION app.g(integer) IS 'g';
CREATE FUNCTION app.h(a app.mood, b app.address[], c app.frange) RETURNS app.email LANGUAGE sql AS $$ SELECT 'x@y'::app.email $$;
CREATE PROCEDURE app.p(IN a integer, INOUT b text) LANGUAGE plpgsql AS $$BEGIN b := 'x'; END$$;
CREATE PROCEDURE app.p0() LANGUAGE sql AS $$ SELECT 1 $$;
CREATE FUNCTION app.body(a integer) RETURNS integer LANGUAGE sql RETURN a + 1;
CREATE FUNCTION app.supp(internal) RETURNS internal LANGUAGE internal AS 'textlike_support';
CREATE AGGREGATE app.mysum(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE TABLE app.parent (pid integer NOT NULL, note text DEFAULT 'n');
CREATE TABLE app.users (
  dropped1 integer,
  id bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 2) PRIMARY KEY,
  "Name" text COLLATE "C" NOT NULL,
  mail app.email,
  m app.mood DEFAULT 'ok',
  tot numeric(10,2) DEFAULT 0 CHECK (tot > 0),
  gen text GENERATED ALWAYS AS (lower("Name")) STORED,
  ser serial,
  arr app.mood[],
  h hstore,
  ci citext,
  a app.address,
  during tstzrange,
  CONSTRAINT u_uq UNIQUE ("Name", tot) INCLUDE (ser) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT ex EXCLUDE USING gist (id WITH =, during WITH &&) WHERE (id > 0),
  CONSTRAINT ni CHECK (id > 0) NO INHERIT
) WITH (fillfactor=70, autovacuum_enabled=false, toast.autovacuum_enabled=false);
ALTER TABLE app.users DROP COLUMN dropped1;
ALTER TABLE app.users ALTER COLUMN "Name" SET STORAGE EXTERNAL, ALTER COLUMN "Name" SET STATISTICS 500, ALTER COLUMN ci SET COMPRESSION pglz, ALTER COLUMN id SET (n_distinct = -0.5);
COMMENT ON TABLE app.users IS 'users';
COMMENT ON COLUMN app.users."Name" IS 'nm';
COMMENT ON CONSTRAINT u_uq ON app.users IS 'uq';
CREATE INDEX users_expr ON app.users USING btree (lower("Name") COLLATE "POSIX" text_pattern_ops DESC NULLS LAST, (tot + 1), "Name" DESC) INCLUDE (m) WITH (fillfactor=80) WHERE tot > 1;
ALTER INDEX app.users_expr ALTER COLUMN 2 SET STATISTICS 77;
COMMENT ON INDEX app.users_expr IS 'ix';
CREATE INDEX users_h ON app.users USING gist (h gist_hstore_ops (siglen='32'));
CREATE INDEX users_gin ON app.users USING gin (arr);
CREATE INDEX users_case ON app.users ((CASE WHEN tot > 1 THEN 'a, b' ELSE 'c' END), ser);
CREATE UNIQUE INDEX users_ri ON app.users (id, "Name");
CREATE INDEX users_vc ON app.users (mail, ci text_pattern_ops) ;
ALTER TABLE app.users REPLICA IDENTITY USING INDEX users_ri;
ALTER TABLE app.users CLUSTER ON users_ri;
CREATE TABLE app.child (extra integer) INHERITS (app.parent);
ALTER TABLE app.child ALTER COLUMN note SET DEFAULT 'child';
CREATE UNLOGGED TABLE app.ul (id integer REFERENCES app.users (id) , x integer);
ALTER TABLE app.ul DROP CONSTRAINT ul_id_fkey;
CREATE TABLE app.orders (id bigint, uid bigint, made date NOT NULL, k text, PRIMARY KEY (id, made), CONSTRAINT fk FOREIGN KEY (uid) REFERENCES app.users (id) ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE) PARTITION BY RANGE (made);
CREATE TABLE app.pexpr (a integer, k text, v character varying(9)) PARTITION BY RANGE (v, lower(k) COLLATE "C" text_pattern_ops, ((a + 1)), k COLLATE "POSIX" text_pattern_ops);
CREATE INDEX orders_uid ON app.orders (uid);
CREATE TABLE app.orders_1 PARTITION OF app.orders FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.orders_d PARTITION OF app.orders DEFAULT PARTITION BY HASH (id);
CREATE TABLE app.orders_d0 PARTITION OF app.orders_d FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE INDEX orders_only ON ONLY app.orders (k);
CREATE TABLE app.refs (id bigint, made date, oid2 bigint, FOREIGN KEY (id, made) REFERENCES app.orders (id, made) MATCH FULL, CONSTRAINT nv FOREIGN KEY (oid2) REFERENCES app.users (id) NOT VALID);
CREATE TABLE app.selfp (id integer PRIMARY KEY, up integer REFERENCES app.selfp(id)) PARTITION BY LIST (id);
CREATE TABLE app.selfp1 PARTITION OF app.selfp FOR VALUES IN (1, 2);
CREATE TABLE app.typed OF app.address (PRIMARY KEY ("No"));
CREATE TRIGGER t1 BEFORE UPDATE OF "Name", tot ON app.users FOR EACH ROW WHEN (old.tot IS DISTINCT FROM new.tot AND new."Name" <> ') WHEN (') EXECUTE FUNCTION app.tf('a', 'it''s', '');
CREATE CONSTRAINT TRIGGER ct AFTER INSERT OR DELETE ON app.users FROM app.parent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.tf();
CREATE TRIGGER tt AFTER UPDATE ON app.users REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION app.tf();
CREATE TRIGGER pt AFTER INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION app.tf();
ALTER TABLE app.users DISABLE TRIGGER tt;
CREATE TRIGGER tr AFTER TRUNCATE ON app.users FOR EACH STATEMENT EXECUTE FUNCTION app.tf();
COMMENT ON TRIGGER t1 ON app.users IS 'trg';
-- not modelled
CREATE VIEW app.v AS SELECT id, "Name" FROM app.users;
CREATE MATERIALIZED VIEW app.mv AS SELECT count(*) c FROM app.orders;
CREATE INDEX mvi ON app.mv (c);
CREATE RULE r1 AS ON INSERT TO app.parent DO ALSO NOTHING;
CREATE RULE "R; DO" AS ON UPDATE TO app.users WHERE old."Name" <> ' DO INSTEAD ;' DO INSTEAD (DELETE FROM app.parent WHERE note = ';
'; DELETE FROM app.parent);
CREATE RULE n AS ON DELETE TO app.users DO ALSO NOTIFY "c;", 'it''s;';
ALTER TABLE app.users ENABLE ALWAYS RULE "R; DO";
COMMENT ON RULE "R; DO" ON app.users IS 'rule';
CREATE RULE vr AS ON DELETE TO app.v DO INSTEAD DELETE FROM app.users WHERE users.id = old.id;
CREATE POLICY pol ON app.users USING (id > 0);
ALTER TABLE app.users ENABLE ROW LEVEL SECURITY;
CREATE STATISTICS app.st ON id, tot FROM app.users;
CREATE PUBLICATION pub FOR TABLE app.orders_1, app.parent;
CREATE COLLATION app.coll (provider = libc, locale = 'C');
CREATE OPERATOR app.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);
CREATE CAST (app.mood AS app.address) WITH INOUT;
CREATE TEXT SEARCH CONFIGURATION app.tsc (COPY = simple);
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER srv FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE app.ft (a integer, b app.mood) SERVER srv;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;
CREATE FUNCTION app.et() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE EVENT TRIGGER evt ON ddl_command_start EXECUTE FUNCTION app.et();
ALTER EVENT TRIGGER evt DISABLE;
CREATE FUNCTION app.vt() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER vtr INSTEAD OF INSERT ON app.v FOR EACH ROW EXECUTE FUNCTION app.vt();
CREATE OPERATOR CLASS app.oc FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
CREATE TABLE app.excl2 (a integer, CONSTRAINT e2 EXCLUDE USING btree (a app.oc WITH =));
ALTER FUNCTION app.tf() DEPENDS ON EXTENSION citext;
GRANT USAGE ON SCHEMA app TO pg_monitor;
GRANT SELECT ON app.orders TO PUBLIC;
GRANT SELECT (k) ON app.orders TO pg_monitor;
REVOKE EXECUTE ON FUNCTION app.vt() FROM PUBLIC;
