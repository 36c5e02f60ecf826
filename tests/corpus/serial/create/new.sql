CREATE TABLE t (a smallserial, b serial PRIMARY KEY, c bigserial UNIQUE, d serial4, e serial8);
