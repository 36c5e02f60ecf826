-- the function stands behind the policy that calls it
ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE FUNCTION tenant() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT current_setting('app.tenant')::bigint $$;
CREATE POLICY own ON notes USING (owner = CURRENT_USER);
CREATE POLICY tenants ON public.notes AS RESTRICTIVE FOR ALL TO PUBLIC USING ("Tenant id" = tenant());
CREATE POLICY "Read" ON notes FOR SELECT TO readonly_role, app_user USING (shared OR kind IN ('public', 'open'));
CREATE POLICY inserting ON notes FOR INSERT TO app_user WITH CHECK (owner = SESSION_USER AND kind LIKE 'a%');
CREATE POLICY updating ON notes FOR UPDATE USING (NOT shared) WITH CHECK (notes.owner IS NOT NULL);
CREATE POLICY deleting ON notes FOR DELETE TO app_role USING (true);
COMMENT ON POLICY own ON notes IS 'everybody''s own';
