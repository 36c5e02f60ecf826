//! Expressions made from a server's own catalogs.

use std::collections::BTreeMap;

use postgres::Client;

use super::Case;

/// Every operator, cast and function of the server, in every shape.
///
/// # Panics
/// When the catalogs cannot be read.
pub fn cases(session: &mut Client) -> Vec<Case> {
    let operands = Operands::read(session);
    let mut cases = Vec::new();
    operators(session, &operands, &mut cases);
    casts(session, &operands, &mut cases);
    functions(session, &operands, &mut cases);
    literals(&operands, &mut cases);
    cases
}

/// What to pass where a type is wanted.
struct Operands {
    /// Type name to the column of `t` that has it.
    columns: BTreeMap<String, String>,
}

/// What a polymorphic parameter is given.
const STAND_INS: [(&str, &str); 16] = [
    ("any", "text"),
    ("anyelement", "int4"),
    ("anynonarray", "int4"),
    ("anyarray", "_int4"),
    ("anyrange", "int4range"),
    ("anymultirange", "int4multirange"),
    ("anycompatible", "int4"),
    ("anycompatiblenonarray", "int4"),
    ("anycompatiblearray", "_int4"),
    ("anycompatiblerange", "int4range"),
    ("anycompatiblemultirange", "int4multirange"),
    ("\"any\"", "text"),
    ("_text", "_text"),
    ("_any", "_text"),
    ("_anyelement", "_int4"),
    ("_anycompatible", "_int4"),
];

impl Operands {
    fn read(session: &mut Client) -> Self {
        let rows = session
            .query(
                "SELECT typname::text, quote_ident(attname) FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
                 WHERE attrelid = 'public.t'::regclass AND attnum > 0 ORDER BY attnum DESC",
                &[],
            )
            .expect("the columns of t");
        let columns = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        Operands { columns }
    }

    /// A column of that type, or another expression where there is none.
    fn column(&self, ty: &str) -> Option<String> {
        let ty = STAND_INS.iter().find(|(from, _)| *from == ty).map_or(ty, |(_, to)| to);
        match ty {
            "record" => Some("ROW(c_int4, c_text)".to_owned()),
            "cstring" => Some("'x'::cstring".to_owned()),
            "void" | "internal" | "trigger" => None,
            _ => self.columns.get(ty).cloned(),
        }
    }
}

/// A literal that the type reads, written so that most types print it back otherwise.
pub fn literal(ty: &str) -> Option<&'static str> {
    Some(match STAND_INS.iter().find(|(from, _)| *from == ty).map_or(ty, |(_, to)| to) {
        "bool" => "yes",
        "bytea" => "\\x00ff",
        "char" | "bpchar" | "varchar" | "text" | "name" => "a",
        "int2" | "int4" | "int8" | "oid" | "xid" | "cid" | "xid8" => " 007 ",
        "numeric" => "12.340",
        "float4" | "float8" => "1.5e3",
        "money" => "12.3",
        "date" => "2024-02-29",
        "time" => "4:05 PM",
        "timetz" => "04:05:06+02",
        "timestamp" => "2024-02-29 1:2:3.500",
        "timestamptz" => "2024-02-29 12:00+02",
        "interval" => "1 day 2 hours 90 seconds",
        "uuid" => "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "json" => "{\"a\" : 1}",
        "jsonb" => "{\"b\" : [1,2], \"a\":null}",
        "jsonpath" => "$.a[*] ? (@ > 1)",
        "inet" => "10.1.2.3/8",
        "cidr" => "10/8",
        "macaddr" => "08-00-2b-01-02-03",
        "macaddr8" => "08:00:2b:01:02:03",
        "bit" | "varbit" => "101",
        "point" => "1,2.50",
        "box" => "(1,2),(0,0)",
        "lseg" => "[(0,0),(1,1)]",
        "line" => "{1,2,3}",
        "path" => "[(0,0),(1,1)]",
        "polygon" => "((0,0),(1,1),(1,0))",
        "circle" => "<(0,0),5>",
        "tsvector" => "a fat cat",
        "tsquery" => "fat & cat",
        "pg_lsn" => "16/b374d848",
        "int4range" | "int8range" => "[1,5]",
        "numrange" => "[1.0,2.5)",
        "daterange" => "[2024-01-01,2024-02-01]",
        "tsrange" => "[2024-01-01,2024-02-01)",
        "int4multirange" | "int8multirange" => "{[1,3],[5,6]}",
        "nummultirange" => "{[1.0,2.5)}",
        "regclass" => "pg_class",
        "regtype" => "int4",
        "regproc" => "now",
        "regprocedure" => "lower(text)",
        "regnamespace" => "pg_catalog",
        "regrole" => "postgres",
        "regconfig" => "english",
        "regdictionary" => "simple",
        "regoper" => "||/",
        "regoperator" => "+(int4,int4)",
        "regcollation" => "\"C\"",
        "xml" => "<a/>",
        "tid" => "(1,2)",
        "int2vector" | "oidvector" => "1 2",
        "_int2" | "_int4" | "_int8" => "{1, 2}",
        "_text" | "_varchar" | "_bpchar" | "_name" => "{a,\"b c\",NULL}",
        "_numeric" | "_float8" | "_float4" => "{1.50,2}",
        "_bool" => "{true,f}",
        "_date" => "{2024-01-01}",
        "_timestamptz" => "{2024-01-01}",
        "_uuid" => "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
        "_jsonb" => "{\"{\\\"a\\\":1}\"}",
        "txid_snapshot" | "pg_snapshot" => "10:20:10,14",
        _ => return None,
    })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn operators(session: &mut Client, operands: &Operands, cases: &mut Vec<Case>) {
    let rows = session
        .query(
            "SELECT oprname::text, COALESCE(l.typname::text, ''), r.typname::text FROM pg_operator
             LEFT JOIN pg_type l ON l.oid = oprleft JOIN pg_type r ON r.oid = oprright
             WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprcode <> 0 ORDER BY pg_operator.oid",
            &[],
        )
        .expect("pg_operator");
    for row in rows {
        let (name, left, right): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let Some(right_column) = operands.column(&right) else { continue };
        if left.is_empty() {
            cases.push(Case::value(format!("{name} {right_column}")));
            cases.push(Case::value(format!("OPERATOR(pg_catalog.{name}) {right_column}")));
            continue;
        }
        let Some(left_column) = operands.column(&left) else { continue };
        cases.push(Case::value(format!("{left_column} {name} {right_column}")));
        if let Some(text) = literal(&right) {
            cases.push(Case::value(format!("{left_column} {name} {}", quoted(text))));
            cases.push(Case::value(format!("{left_column} {name} {right} {}", quoted(text))));
        }
        if let Some(text) = literal(&left) {
            cases.push(Case::value(format!("{} {name} {right_column}", quoted(text))));
        }
        cases.push(Case::value(format!("{left_column} {name} NULL")));
        if operands.columns.contains_key(&format!("_{right}")) {
            cases.push(Case::value(format!("{left_column} {name} ANY ({})", operands.columns[&format!("_{right}")])));
            if left == right && name == "=" {
                cases.push(Case::check(format!("{left_column} IS DISTINCT FROM {right_column}")));
                cases.push(Case::value(format!("NULLIF({left_column}, {right_column})")));
                cases.push(Case::check(format!("{left_column} IN ({right_column}, NULL)")));
                cases.push(Case::value(format!("CASE {left_column} WHEN {right_column} THEN 1 END")));
            }
        }
    }
}

fn casts(session: &mut Client, operands: &Operands, cases: &mut Vec<Case>) {
    let rows = session
        .query(
            "SELECT s.typname::text, format_type(casttarget, -1), t.typname::text FROM pg_cast
             JOIN pg_type s ON s.oid = castsource JOIN pg_type t ON t.oid = casttarget ORDER BY pg_cast.oid",
            &[],
        )
        .expect("pg_cast");
    for row in rows {
        let (source, target, name): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let Some(column) = operands.column(&source) else { continue };
        cases.push(Case::value(format!("{column}::{target}")));
        cases.push(Case::value(format!("CAST({column} AS {target}) IS NULL")));
        if let Some(into) = operands.columns.get(&name) {
            if let Some(text) = literal(&source) {
                cases.push(Case::default(into, format!("{}::{source}", quoted(text))));
            }
            cases.push(Case::value(format!("COALESCE({column}, {into})")));
            cases.push(Case::value(format!("CASE WHEN true THEN {into} ELSE {column} END")));
            cases.push(Case::value(format!("{into} = {column}")));
        }
        if let (Some(from), Some(_)) =
            (operands.columns.get(&format!("_{source}")), operands.columns.get(&format!("_{name}")))
        {
            cases.push(Case::value(format!("{from}::{target}[]")));
        }
    }
    for (ty, column) in &operands.columns {
        for target in ["text", "varchar", "varchar(3)", "char(3)", "name", "\"char\""] {
            cases.push(Case::value(format!("{column}::{target}")));
        }
        if !ty.starts_with('_') {
            cases.push(Case::value(format!("c_text::{ty}")));
            cases.push(Case::value(format!("c_varchar::pg_catalog.{ty}")));
            cases.push(Case::value(format!("c__text::{ty}[]")));
        }
        cases.push(Case::value(format!("ARRAY[{column}, NULL]")));
        cases.push(Case::value(format!("GREATEST({column}, {column})")));
        cases.push(Case::value(format!("{column} BETWEEN {column} AND NULL")));
        cases.push(Case::check(format!("{column} IS NULL")));
        cases.push(Case::value(format!("ROW({column}, 1) < ROW({column}, 2)")));
        cases.push(Case::value(format!("(ARRAY[{column}])[1]")));
        cases.push(Case::value(format!("{column} COLLATE \"C\"")));
    }
}

fn literals(operands: &Operands, cases: &mut Vec<Case>) {
    for (ty, column) in &operands.columns {
        let Some(text) = literal(ty) else { continue };
        let text = quoted(text);
        let written = ty.strip_prefix('_').map_or_else(
            || if ty == "char" { "\"char\"".to_owned() } else { ty.clone() },
            |element| format!("{element}[]"),
        );
        cases.push(Case::default(column, &text));
        cases.push(Case::default(column, format!("{text}::{written}")));
        cases.push(Case::default(column, "NULL"));
        cases.push(Case::default(column, format!("NULL::{written}")));
        cases.push(Case::default(column, format!("COALESCE(NULL, {text})")));
        cases.push(Case::value(format!("{text}::{written}")));
        cases.push(Case::value(format!("{column} = {text}")));
        cases.push(Case::value(format!("{column} IN ({text}, {text})")));
        cases.push(Case::value(format!("ARRAY[{text}, {text}]::{}[]", written.trim_end_matches("[]"))));
        cases.push(Case::value(format!("COALESCE({column}, {text})")));
    }
}

/// One input parameter.
struct Parameter {
    ty: String,
    name: String,
}

fn functions(session: &mut Client, operands: &Operands, cases: &mut Vec<Case>) {
    let rows = session
        .query(
            "SELECT proname::text, pronargdefaults::int, provariadic <> 0,
                (SELECT COALESCE(array_agg(typname::text ORDER BY n), '{}') FROM unnest(proargtypes) WITH ORDINALITY a(ty, n)
                 JOIN pg_type ON pg_type.oid = ty),
                (SELECT COALESCE(array_agg(COALESCE(proargnames[n], '') ORDER BY n), '{}')
                 FROM generate_series(1, COALESCE(array_length(proallargtypes, 1), pronargs)) n
                 WHERE proargmodes IS NULL OR proargmodes[n] IN ('i', 'b', 'v'))
             FROM pg_proc
             WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND NOT proretset
                AND prorettype NOT IN (2281, 2279, 3838, 2278) AND oid < 10000
             ORDER BY oid",
            &[],
        )
        .expect("pg_proc");
    for row in rows {
        let name: String = row.get(0);
        let defaults = usize::try_from(row.get::<_, i32>(1)).unwrap_or_default();
        let variadic: bool = row.get(2);
        let types: Vec<String> = row.get(3);
        let names: Vec<String> = row.get(4);
        let parameters: Vec<Parameter> = types
            .into_iter()
            .zip(names.into_iter().chain(std::iter::repeat(String::new())))
            .map(|(ty, name)| Parameter { ty, name })
            .collect();
        shapes(&name, &parameters, defaults, variadic, operands, cases);
    }
}

/// A call in every shape that the parameters allow.
fn shapes(
    name: &str,
    parameters: &[Parameter],
    defaults: usize,
    variadic: bool,
    operands: &Operands,
    cases: &mut Vec<Case>,
) {
    let Some(columns) = parameters.iter().map(|p| operands.column(&p.ty)).collect::<Option<Vec<_>>>() else { return };
    let name = format!("\"{name}\"");
    let call = |args: &[String]| Case::value(format!("{name}({})", args.join(", ")));
    cases.push(call(&columns));
    cases.push(Case::value(format!("pg_catalog.{name}({})", columns.join(", "))));
    if variadic {
        if let Some((last, head)) = columns.split_last() {
            let mut args = head.to_vec();
            args.push(format!("VARIADIC {last}"));
            cases.push(call(&args));
            let element = match last.as_str() {
                "c__int4" => "c_int4",
                _ => "c_text",
            };
            for count in 1..=2 {
                let mut args = head.to_vec();
                args.extend(std::iter::repeat_n(element.to_owned(), count));
                cases.push(call(&args));
            }
        }
        return;
    }
    for left_out in 1..=defaults {
        if let Some(args) = columns.get(..columns.len().saturating_sub(left_out)) {
            cases.push(call(args));
        }
    }
    if columns.is_empty() {
        return;
    }
    if parameters.iter().all(|p| !p.name.is_empty()) {
        let args: Vec<String> =
            parameters.iter().zip(&columns).rev().map(|(p, column)| format!("\"{}\" => {column}", p.name)).collect();
        cases.push(call(&args));
    }
    let texts: Vec<String> = parameters
        .iter()
        .zip(&columns)
        .map(|(p, column)| literal(&p.ty).map_or_else(|| column.clone(), quoted))
        .collect();
    cases.push(call(&texts));
    if columns.len() > 1 {
        let mut mixed = texts;
        mixed.splice(..1, columns.first().cloned());
        cases.push(call(&mixed));
    }
    cases.push(call(&vec!["NULL".to_owned(); columns.len()]));
}
