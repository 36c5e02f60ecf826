CREATE TABLE one (id integer, a text);
CREATE TABLE two (id integer, b text);
CREATE TABLE both_of (c text) INHERITS (one, two);
