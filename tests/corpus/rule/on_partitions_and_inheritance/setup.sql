CREATE TABLE p (a integer, b text) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE parent (a integer);
CREATE TABLE child () INHERITS (parent);
