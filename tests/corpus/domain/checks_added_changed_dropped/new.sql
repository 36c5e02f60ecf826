CREATE DOMAIN amount AS numeric(10,2) CONSTRAINT positive CHECK (VALUE >= 0) CONSTRAINT odd CHECK (mod(VALUE, 2) = 1);
CREATE TABLE t (a amount);
