CREATE AGGREGATE smallest(citext) (SFUNC = citext_smaller, STYPE = citext, SORTOP = <, COMBINEFUNC = citext_smaller);
