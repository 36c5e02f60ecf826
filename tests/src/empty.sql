-- Empties a database of all that tests put into it, and lists in the temporary table pgseal_left what would not go.
SET client_min_messages = error;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$
DECLARE
    -- what initdb makes has lower numbers
    first_own CONSTANT oid := 16384;
    statement text;
    catalog regclass;
    more boolean;
    found boolean;
BEGIN
    FOR statement IN SELECT format('DROP EXTENSION %I CASCADE', extname) FROM pg_extension WHERE oid >= first_own LOOP
        EXECUTE statement;
    END LOOP;
    FOR statement IN
        SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace WHERE oid >= first_own AND nspname !~ '^pg_(toast_)?temp_'
    LOOP
        EXECUTE statement;
    END LOOP;
    -- one at a time, since each takes others with it
    LOOP
        SELECT format('DROP %s %s CASCADE', object.type, object.identity) INTO statement
        FROM pg_depend AS d, pg_identify_object(d.classid, d.objid, 0) AS object
        WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = 'public'::regnamespace AND d.deptype = 'n'
            AND object.type IS NOT NULL AND object.type <> 'default acl'
        ORDER BY d.classid, d.objid LIMIT 1;
        EXIT WHEN statement IS NULL;
        EXECUTE statement;
    END LOOP;
    CREATE TEMPORARY TABLE pgseal_left (catalog text);
    FOR catalog IN
        SELECT c.oid FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'oid'
        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
            AND c.relname NOT IN ('pg_class', 'pg_type', 'pg_namespace')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE oid >= %s)', catalog, first_own) INTO found;
        IF found THEN
            INSERT INTO pgseal_left VALUES (catalog::text);
        END IF;
    END LOOP;
    INSERT INTO pgseal_left SELECT 'pg_class' FROM pg_class
        WHERE oid >= first_own AND relnamespace::regnamespace::text !~ '^pg_(toast_)?temp_' AND relnamespace <> 'pg_toast'::regnamespace;
    INSERT INTO pgseal_left SELECT 'pg_namespace' FROM pg_namespace WHERE oid >= first_own AND nspname !~ '^pg_(toast_)?temp_';
    INSERT INTO pgseal_left SELECT 'pg_db_role_setting' FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
        WHERE d.datname = current_database();
    INSERT INTO pgseal_left SELECT 'description of schema public' WHERE obj_description('public'::regnamespace) IS DISTINCT FROM 'standard public schema';
    INSERT INTO pgseal_left SELECT 'grants on schema public' FROM pg_namespace AS n, pg_init_privs AS i
        WHERE n.nspname = 'public' AND i.objoid = n.oid AND i.classoid = 'pg_namespace'::regclass AND n.nspacl::text <> i.initprivs::text;
END $$;
