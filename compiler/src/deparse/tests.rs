//! Hand-built trees against what real servers print.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::env::{Env, Major, Oid};
use crate::tree::*;

fn text_const(value: &str) -> Expr {
    constant(Oid::TEXT, Some(value))
}

fn int(value: &str) -> Expr {
    constant(Oid::INT4, Some(value))
}

fn constant(ty: Oid, value: Option<&str>) -> Expr {
    let collation =
        if matches!(ty, Oid::TEXT | Oid::VARCHAR | Oid::BPCHAR) { Oid::DEFAULT_COLLATION } else { Oid::INVALID };
    Expr::Const(Const { ty, typmod: -1, collation, value: value.map(str::to_owned), location: Location::NONE })
}

fn var(name: &str, ty: Oid) -> Expr {
    let collation = if matches!(ty, Oid::TEXT | Oid::VARCHAR) { Oid::DEFAULT_COLLATION } else { Oid::INVALID };
    Expr::Var(Var {
        varno: 1,
        attno: 1,
        name: name.to_owned(),
        ty,
        typmod: -1,
        collation,
        levels_up: 0,
        returning: VarReturning::Default,
        syntactic: Syntactic::default(),
        location: Location::NONE,
    })
}

fn proc(env: &Env, name: &str, args: &[Oid]) -> Oid {
    env.lookup_proc(&crate::env::SearchPath::empty(), None, name, args).expect("a built-in function").oid
}

fn call(env: &Env, name: &str, declared: &[Oid], result_type: Oid, format: CoercionForm, args: Vec<Expr>) -> Expr {
    Expr::FuncExpr(FuncExpr {
        funcid: proc(env, name, declared),
        result_type,
        retset: false,
        variadic: false,
        format,
        collation: Oid::INVALID,
        input_collation: Oid::INVALID,
        args,
        location: Location::NONE,
    })
}

fn op(env: &Env, name: &str, args: Vec<Expr>, result_type: Oid) -> Expr {
    let left = if args.len() == 2 { expr_type(&args[0]) } else { Oid::INVALID };
    let right = expr_type(args.last().expect("an operand"));
    let row = env.lookup_operator(&crate::env::SearchPath::empty(), None, name, left, right).expect("an operator");
    Expr::OpExpr(OpExpr {
        opno: row.oid,
        funcid: row.proc,
        result_type,
        retset: false,
        collation: Oid::INVALID,
        input_collation: Oid::INVALID,
        args,
        location: Location::NONE,
    })
}

fn relabel(arg: Expr, result_type: Oid, format: CoercionForm) -> Expr {
    Expr::RelabelType(RelabelType {
        arg: Box::new(arg),
        result_type,
        typmod: -1,
        collation: Oid::DEFAULT_COLLATION,
        format,
        location: Location::NONE,
    })
}

fn printed(env: &Env, expr: &Expr) -> String {
    deparse_expression(env, Scope::Relation("t"), expr).expect("a tree that can be printed")
}

#[test]
fn literals_carry_their_type_only_where_they_must() {
    let env = Env::for_major(Major::V17);
    let cases = [
        (int("42"), "42"),
        (int("-1"), "'-1'::integer"),
        (constant(Oid::INT8, Some("4294967296")), "'4294967296'::bigint"),
        (constant(Oid::NUMERIC, Some("1.5")), "1.5"),
        (constant(Oid::NUMERIC, Some("10")), "'10'::numeric"),
        (constant(Oid::NUMERIC, Some("-1.5")), "'-1.5'::numeric"),
        (constant(Oid::NUMERIC, Some("NaN")), "'NaN'::numeric"),
        (constant(Oid::BOOL, Some("t")), "true"),
        (constant(Oid::BOOL, None), "NULL::boolean"),
        (text_const("it's \\ here"), "'it''s \\ here'::text"),
        (constant(Oid::UNKNOWN, Some("x")), "'x'"),
        (constant(Oid::BIT, Some("101")), "'101'::\"bit\""),
        (constant(Oid::BPCHAR, Some("a")), "'a'::bpchar"),
        (constant(Oid::FLOAT8, Some("Infinity")), "'Infinity'::double precision"),
    ];
    for (expr, expected) in cases {
        assert_eq!(printed(&env, &expr), expected);
    }
}

#[test]
fn a_literal_in_another_collation_says_so() {
    let env = Env::for_major(Major::V17);
    let expr = Expr::Const(Const {
        ty: Oid::TEXT,
        typmod: -1,
        collation: Oid::C_COLLATION,
        value: Some("x".to_owned()),
        location: Location::NONE,
    });
    assert_eq!(printed(&env, &expr), "'x'::text COLLATE \"C\"");
}

#[test]
fn varchar_in_list() {
    let env = Env::for_major(Major::V14);
    let array = Expr::ArrayExpr(ArrayExpr {
        array_type: Oid::VARCHARARRAY,
        collation: Oid::DEFAULT_COLLATION,
        element_type: Oid::VARCHAR,
        elements: vec![constant(Oid::VARCHAR, Some("p")), constant(Oid::VARCHAR, Some("q"))],
        multidims: false,
        location: Location::NONE,
    });
    let text_eq = env.lookup_operator(&crate::env::SearchPath::empty(), None, "=", Oid::TEXT, Oid::TEXT).unwrap();
    let expr = Expr::ScalarArrayOpExpr(ScalarArrayOpExpr {
        opno: text_eq.oid,
        funcid: text_eq.proc,
        quantifier: Quantifier::Any,
        input_collation: Oid::DEFAULT_COLLATION,
        scalar: Box::new(relabel(var("v", Oid::VARCHAR), Oid::TEXT, CoercionForm::ImplicitCast)),
        array: Box::new(relabel(array, Oid::TEXTARRAY, CoercionForm::ImplicitCast)),
        location: Location::NONE,
    });
    assert_eq!(
        printed(&env, &expr),
        "((v)::text = ANY ((ARRAY['p'::character varying, 'q'::character varying])::text[]))"
    );
}

#[test]
fn implicit_casts_hide_only_where_the_place_gives_them_back() {
    let env = Env::for_major(Major::V18);
    let cast = call(&env, "numeric", &[Oid::INT4], Oid::NUMERIC, CoercionForm::ImplicitCast, vec![int("0")]);
    assert_eq!(printed(&env, &cast), "0");
    let compare = op(&env, ">", vec![var("n", Oid::NUMERIC), cast], Oid::BOOL);
    assert_eq!(printed(&env, &compare), "(n > (0)::numeric)");
    let not = Expr::BoolExpr(BoolExpr::Not(Box::new(compare)));
    assert_eq!(printed(&env, &not), "(NOT (n > (0)::numeric))");
}

#[test]
fn a_literal_under_its_length_coercion_has_one_label() {
    let env = Env::for_major(Major::V18);
    let expr = call(
        &env,
        "varchar",
        &[Oid::VARCHAR, Oid::INT4, Oid::BOOL],
        Oid::VARCHAR,
        CoercionForm::ExplicitCast,
        vec![constant(Oid::VARCHAR, Some("abc")), int("7"), constant(Oid::BOOL, Some("t"))],
    );
    assert_eq!(printed(&env, &expr), "'abc'::character varying(3)");
}

#[test]
fn standard_syntax() {
    let env = Env::for_major(Major::V17);
    let sql = CoercionForm::SqlSyntax;
    let s = || var("s", Oid::TEXT);
    let cases = [
        (call(&env, "btrim", &[Oid::TEXT], Oid::TEXT, sql, vec![s()]), "TRIM(BOTH FROM s)"),
        (call(&env, "btrim", &[Oid::TEXT], Oid::TEXT, CoercionForm::ExplicitCall, vec![s()]), "btrim(s)"),
        (call(&env, "substring", &[Oid::TEXT, Oid::INT4], Oid::TEXT, sql, vec![s(), int("2")]), "SUBSTRING(s FROM 2)"),
        (
            call(&env, "substring", &[Oid::TEXT, Oid::TEXT], Oid::TEXT, sql, vec![s(), text_const("a")]),
            "\"substring\"(s, 'a'::text)",
        ),
        (
            call(&env, "position", &[Oid::TEXT, Oid::TEXT], Oid::INT4, sql, vec![s(), text_const("a")]),
            "POSITION(('a'::text) IN (s))",
        ),
        (
            call(
                &env,
                "timezone",
                &[Oid::TEXT, Oid::TIMESTAMP],
                Oid::TIMESTAMPTZ,
                sql,
                vec![text_const("UTC"), var("ts", Oid::TIMESTAMP)],
            ),
            "(ts AT TIME ZONE 'UTC'::text)",
        ),
        (
            call(
                &env,
                "extract",
                &[Oid::TEXT, Oid::DATE],
                Oid::NUMERIC,
                sql,
                vec![text_const("year"), var("d", Oid::DATE)],
            ),
            "EXTRACT(year FROM d)",
        ),
    ];
    for (expr, expected) in cases {
        assert_eq!(printed(&env, &expr), expected);
    }
}

#[test]
fn a_field_of_extract_that_minor_releases_quote_differently_is_refused() {
    let env = Env::for_major(Major::V17);
    let expr = call(
        &env,
        "extract",
        &[Oid::TEXT, Oid::DATE],
        Oid::NUMERIC,
        CoercionForm::SqlSyntax,
        vec![text_const("Year"), var("d", Oid::DATE)],
    );
    let refused = deparse_expression(&env, Scope::Relation("t"), &expr);
    assert!(matches!(refused, Err(DeparseError::Unsettled { .. })));
}

#[test]
fn simple_case_shows_the_values_alone() {
    let env = Env::for_major(Major::V15);
    let test = Expr::CaseTestExpr(CaseTestExpr { ty: Oid::INT4, typmod: -1, collation: Oid::INVALID });
    let expr = Expr::CaseExpr(CaseExpr {
        ty: Oid::TEXT,
        collation: Oid::DEFAULT_COLLATION,
        arg: Some(Box::new(var("a", Oid::INT4))),
        whens: vec![CaseWhen { condition: op(&env, "=", vec![test, int("1")], Oid::BOOL), result: text_const("x") }],
        default: Box::new(constant(Oid::TEXT, None)),
        location: Location::NONE,
    });
    assert_eq!(printed(&env, &expr), "\nCASE a\n    WHEN 1 THEN 'x'::text\n    ELSE NULL::text\nEND");
}

#[test]
fn columns_of_a_trigger_and_whole_rows() {
    let env = Env::for_major(Major::V16);
    let new = |attno, name: &str, ty| {
        Expr::Var(Var {
            varno: 2,
            attno,
            name: name.to_owned(),
            ty,
            typmod: -1,
            collation: Oid::INVALID,
            levels_up: 0,
            returning: VarReturning::Default,
            syntactic: Syntactic::default(),
            location: Location::NONE,
        })
    };
    let column = new(1, "Total", Oid::INT4);
    assert_eq!(deparse_expression(&env, Scope::Trigger, &column).unwrap(), "new.\"Total\"");
    let row = new(0, "orders", Oid::RECORD);
    assert_eq!(deparse_expression(&env, Scope::Trigger, &row).unwrap(), "new.*");
    let whole = Expr::NullTest(NullTest { arg: Box::new(row), test: NullTestType::IsNotNull, arg_is_row: true });
    assert_eq!(deparse_expression(&env, Scope::Relation("orders"), &whole).unwrap(), "(orders.* IS NOT NULL)");
}

#[test]
fn partition_bounds() {
    let env = Env::for_major(Major::V18);
    let Expr::Const(one) = int("-1") else { panic!("a literal") };
    let bound = PartitionBound::Range {
        from: vec![BoundDatum::Value(one.clone()), BoundDatum::MinValue],
        to: vec![BoundDatum::MaxValue],
    };
    assert_eq!(deparse_partition_bound(&env, &bound), "FOR VALUES FROM ('-1', MINVALUE) TO (MAXVALUE)");
    let Expr::Const(null) = constant(Oid::INT4, None) else { panic!("a literal") };
    let bound = PartitionBound::List(vec![one, null]);
    assert_eq!(deparse_partition_bound(&env, &bound), "FOR VALUES IN ('-1', NULL)");
    let bound = PartitionBound::Hash { modulus: 4, remainder: 1 };
    assert_eq!(deparse_partition_bound(&env, &bound), "FOR VALUES WITH (modulus 4, remainder 1)");
}

#[test]
fn deep_trees_are_printed_on_a_small_stack() {
    let env = Env::for_major(Major::V18);
    let printed = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        let mut expr = var("a", Oid::INT4);
        for _ in 0..crate::analyze::DEPTH_LIMIT {
            expr = op(&env, "+", vec![relabel(expr, Oid::INT4, CoercionForm::ImplicitCast), int("1")], Oid::INT4);
        }
        deparse_expression(&env, Scope::Relation("t"), &expr).map(|text| text.len())
    });
    assert_eq!(printed.unwrap().join().expect("no overflow"), Ok(1 + crate::analyze::DEPTH_LIMIT * 17));
}
