CREATE TYPE kind AS ENUM ('in', 'out');
CREATE TABLE ledger (id integer PRIMARY KEY, amount integer, kind kind);
CREATE TABLE limits (most integer);
CREATE FUNCTION balance(account integer) RETURNS integer LANGUAGE sql STABLE AS
    'SELECT sum(amount)::integer FROM ledger WHERE kind = ''in''';
CREATE FUNCTION within_limit(n integer) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    allowed limits.most%TYPE;
BEGIN
    SELECT most INTO allowed FROM limits;
    RETURN n <= allowed AND public.balance(n) > 0;
END
$$;
CREATE TABLE account (id integer PRIMARY KEY, balance integer DEFAULT balance(1), CHECK (within_limit(balance)));
-- each reads the other, and the table whose check calls it
CREATE FUNCTION is_odd(n integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN n <> 0 AND is_even(n - 1);
END
$$;
CREATE FUNCTION is_even(n integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM odd;
    RETURN n = 0 OR is_odd(n - 1);
END
$$;
CREATE TABLE odd (n integer CHECK (is_odd(n)));
