CREATE POLICY of_team ON docs USING (EXISTS (SELECT 1 FROM members m JOIN teams t ON t.id = m.team WHERE m.team = docs.team AND m.admin)) WITH CHECK (NOT (SELECT bool_or(admin) FROM members WHERE team = docs.team));
CREATE POLICY named ON docs FOR INSERT WITH CHECK (team = ANY (SELECT id FROM teams));
CREATE POLICY own_table ON teams USING (id = (SELECT max(t.id) FROM teams t) OR ARRAY(SELECT team FROM members ORDER BY 1) @> ARRAY[id]);
