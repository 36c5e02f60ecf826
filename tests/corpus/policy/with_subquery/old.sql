CREATE POLICY of_team ON docs USING (EXISTS (SELECT 1 FROM members m WHERE m.team = docs.team AND m.who = me()));
CREATE POLICY named ON docs FOR INSERT WITH CHECK (team IN (SELECT t.id FROM teams t WHERE t.name LIKE 'a%'));
CREATE POLICY own_table ON teams USING (id = (SELECT max(teams.id) FROM teams));
