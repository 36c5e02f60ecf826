CREATE TABLE t (r int4range, s int4range, p point, EXCLUDE USING gist (r WITH &&), CONSTRAINT e EXCLUDE USING gist (s WITH &&));
