CREATE TABLE a_t (v text);
