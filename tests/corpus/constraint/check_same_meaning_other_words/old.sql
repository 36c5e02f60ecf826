CREATE TABLE t (v varchar(5), n numeric, CONSTRAINT a CHECK (v IN ('p', 'q')), CONSTRAINT b CHECK (n > 0 AND n < 10));
