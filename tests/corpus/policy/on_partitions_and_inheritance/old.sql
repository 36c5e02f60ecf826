CREATE TABLE events (id integer, day date) PARTITION BY RANGE (day);
CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE parent (id integer);
CREATE TABLE child () INHERITS (parent);
