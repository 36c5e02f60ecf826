CREATE TABLE b_parent (id integer PRIMARY KEY);
CREATE TABLE a_child (id integer PRIMARY KEY CONSTRAINT fk REFERENCES b_parent);
