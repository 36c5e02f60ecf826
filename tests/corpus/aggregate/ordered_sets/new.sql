CREATE AGGREGATE disc(double precision ORDER BY anyelement) (
    SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA,
    FINALFUNC_MODIFY = READ_ONLY
);
CREATE AGGREGATE mode_of(ORDER BY anyelement) (
    SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = mode_final, FINALFUNC_EXTRA, FINALFUNC_MODIFY = SHAREABLE
);
CREATE AGGREGATE ranked(VARIADIC "any" ORDER BY VARIADIC "any") (
    SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL
);
CREATE FUNCTION last_final(internal, wanted integer) RETURNS integer LANGUAGE internal AS 'int4larger';
CREATE AGGREGATE hypo(wanted integer ORDER BY integer) (
    SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = last_final, HYPOTHETICAL = true
);
COMMENT ON AGGREGATE ranked(VARIADIC "any" ORDER BY VARIADIC "any") IS 'like rank';
COMMENT ON AGGREGATE disc(double precision ORDER BY anyelement) IS 'like percentile_disc';
