CREATE TABLE z_base (id integer, v text);
CREATE DOMAIN a_dom AS z_base CHECK ((VALUE).id > 0);
CREATE TABLE m_uses (d a_dom);
