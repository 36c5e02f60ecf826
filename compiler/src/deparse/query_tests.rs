//! Whole queries over catalogs, against what real servers print; where majors differ, each in its way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::analyze::{Parameters, analyze_statement, analyze_view_query};
use crate::env::{Major, SearchPath};
use crate::tree::Query;

fn analysed(env: &Env, text: &str) -> Query {
    let raw = crate::grammar::parse(text).unwrap().protobuf.stmts.remove(0).stmt.unwrap();
    analyze_view_query(env, &SearchPath::empty(), &raw, &[]).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn printed(major: Major, text: &str) -> String {
    let env = Env::for_major(major);
    deparse_view(&env, &analysed(&env, text)).unwrap()
}

#[test]
fn columns_of_a_single_relation_are_bare_from_16_on() {
    let text = "SELECT oid, relname AS name FROM pg_class";
    assert_eq!(printed(Major::V15, text), " SELECT pg_class.oid,\n    pg_class.relname AS name\n   FROM pg_class;");
    assert_eq!(printed(Major::V16, text), " SELECT oid,\n    relname AS name\n   FROM pg_class;");
}

#[test]
fn a_sort_key_is_not_taken_for_an_output_of_its_name() {
    let text = "SELECT oid AS relname FROM pg_class ORDER BY pg_class.relname";
    let expected = " SELECT oid AS relname\n   FROM pg_class\n  ORDER BY pg_class.relname;";
    assert_eq!(printed(Major::V16, text), expected);
    assert_eq!(printed(Major::V18, text), expected);
}

#[test]
fn the_rows_of_a_views_rule_keep_their_names_until_15() {
    let text = "SELECT oid FROM (SELECT oid FROM pg_am old) x";
    let expected = |name| format!(" SELECT x.oid\n   FROM ( SELECT {name}.oid\n           FROM pg_am {name}) x;");
    assert_eq!(printed(Major::V14, text), expected("old_1"));
    assert_eq!(printed(Major::V17, text), expected("old").replacen("x.oid", "oid", 1));
}

#[test]
fn merged_columns_are_looked_through_in_groups_from_18_on() {
    let text = "SELECT count(oid) AS n FROM pg_am FULL JOIN pg_class USING (oid)";
    let expected = |key| format!(" SELECT count({key}) AS n\n   FROM (pg_am\n     FULL JOIN pg_class USING (oid));");
    assert_eq!(printed(Major::V17, text), expected("oid"));
    assert_eq!(printed(Major::V18, text), expected("COALESCE(pg_am.oid, pg_class.oid)"));
}

#[test]
fn names_are_unique_through_all_queries_around() {
    assert_eq!(
        printed(Major::V18, "SELECT a.oid FROM pg_am a WHERE a.oid IN (SELECT a.oid FROM pg_am a, pg_am a_1)"),
        " SELECT oid\n   FROM pg_am a\n  WHERE (oid IN ( SELECT a_1.oid\n           FROM pg_am a_1,\n            pg_am a_1_1));"
    );
}

#[test]
fn a_relation_beside_a_with_of_its_name_has_its_schema() {
    assert_eq!(
        printed(Major::V18, "WITH pg_am AS (SELECT 1 AS x) SELECT x, c.oid FROM pg_am, pg_catalog.pg_am c"),
        " WITH pg_am AS (\n         SELECT 1 AS x\n        )\n SELECT pg_am.x,\n    c.oid\n   FROM pg_am,\n    pg_catalog.pg_am c;"
    );
}

#[test]
fn a_returned_expression_stands_in_one_line() {
    let env = Env::for_major(Major::V18);
    let parameters = Parameters {
        function: Some("f".to_owned()),
        arguments: vec![("one".to_owned(), Oid::INT4), (String::new(), Oid::INT4)],
    };
    let text = "CREATE FUNCTION f(one integer, integer) RETURNS integer LANGUAGE sql \
                RETURN CASE WHEN one > 1 THEN (SELECT one) END";
    let raw = crate::grammar::parse(text).unwrap().protobuf.stmts.remove(0).stmt.unwrap();
    let Some(pg_query::NodeEnum::CreateFunctionStmt(raw)) = raw.node else { panic!("no function") };
    let query = analyze_statement(&env, &SearchPath::empty(), &raw.sql_body.unwrap(), &parameters).unwrap();
    assert_eq!(
        deparse_function_body(&env, "f", &["one".to_owned(), String::new()], FunctionBody::Return(&query)).unwrap(),
        "RETURN CASE WHEN (one > 1) THEN (SELECT one AS one) ELSE NULL::integer END"
    );
}

#[test]
fn a_relation_that_is_gone_is_said_to_be_missing() {
    let mut env = Env::for_major(Major::V18);
    env.add_schema("public");
    let mut row = env.lookup_relation(&SearchPath::empty(), None, "pg_am").unwrap().clone();
    row.oid = Oid::INVALID;
    row.schema = "public".into();
    row.name = "mine".into();
    let oid = env.put_relation(row);
    let query = analysed(&env, "SELECT oid FROM public.mine");
    assert_eq!(deparse_view(&env, &query).as_deref(), Ok(" SELECT oid\n   FROM public.mine;"));
    env.remove_relation(oid);
    assert_eq!(deparse_view(&env, &query), Err(DeparseError::Missing { kind: "relation", oid }));
}
