CREATE TYPE point3 AS (x float8, y float8, z float8);
CREATE TYPE line3 AS (a point3, b point3, more point3[]);
CREATE TABLE t (l line3, CHECK ((l).a IS NOT NULL));
