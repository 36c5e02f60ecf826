CREATE TABLE a_parent (id integer PRIMARY KEY);
CREATE TABLE b_child (id integer PRIMARY KEY REFERENCES a_parent);
