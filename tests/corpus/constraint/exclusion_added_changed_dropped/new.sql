CREATE TABLE t (r int4range, s int4range, p point, CONSTRAINT e EXCLUDE USING gist (s WITH &&, r WITH -|-) WHERE (NOT isempty(s)) DEFERRABLE, EXCLUDE USING gist (circle(p, 1) WITH &&));
