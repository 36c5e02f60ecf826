CREATE TABLE app.t18 (
  id integer,
  z integer CONSTRAINT idnn NOT NULL NO INHERIT,
  v integer GENERATED ALWAYS AS (id * 2) VIRTUAL,
  during daterange,
  PRIMARY KEY (id, during WITHOUT OVERLAPS),
  CONSTRAINT ne CHECK (id > 0) NOT ENFORCED
);
CREATE TABLE app.t18f (id integer, d daterange, FOREIGN KEY (id, PERIOD d) REFERENCES app.t18 (id, PERIOD during));
ALTER TABLE app.t18f ADD CONSTRAINT lnn NOT NULL id NOT VALID;
