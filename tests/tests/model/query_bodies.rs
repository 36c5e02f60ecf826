//! The bodies of functions and rules, analysed and printed by us, against what each server prints of them or refuses.

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::FunctionParameterMode;
use pgseal::analyze::{
    AnalyzeError, DeclaredResult, Parameters, SqlBody, analyze_function_body, analyze_rule, parse_statement_text,
};
use pgseal::deparse::{FunctionBody, Rule, RuleEvent, deparse_function_body, deparse_rule};
use pgseal::env::{Env, Oid, SearchPath};
use pgseal::tree::{ColumnDefinition, CommandType};
use pgseal_tests::queries::{BODIES, RULES, Stage, VIEWS, random, stages};
use postgres::Client;

/// Runs statements one a line: the server's text of what each makes, or its refusal, against ours.
fn compare(
    lines: &str,
    statement: &dyn Fn(&str) -> String,
    said: &dyn Fn(&mut Client) -> String,
    own: &dyn Fn(&Env, &str) -> Result<String, AnalyzeError>,
) {
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    let mut problems = Vec::new();
    for stage in stages() {
        let Stage { major, mut session, env, .. } = stage;
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for line in lines.lines().filter(|line| line.contains(&only)) {
            let sql = statement(line);
            let ours = own(&env, &sql);
            session.batch_execute("BEGIN; SET LOCAL search_path = public").unwrap();
            let made = session.batch_execute(&sql);
            match (made, ours) {
                (Ok(()), ours) => {
                    session.batch_execute("SET LOCAL search_path = ''").unwrap();
                    let text = said(&mut session);
                    match ours {
                        Ok(own) if own == text => *kinds.entry("same").or_default() += 1,
                        Ok(own) => problems.push(format!("{major} {line}\n--- ours\n{own}\n--- said\n{text}")),
                        Err(error) => problems.push(format!("{major} {line}\n  {} {error}", error.code())),
                    }
                }
                (Err(said), ours) => {
                    let code = said.code().map(|c| c.code().to_owned()).unwrap_or_default();
                    match ours {
                        // a syntax that an older server does not have may be wrong in more than one way
                        Err(error) if error.code() == code || code == "42601" => {
                            *kinds.entry("refused").or_default() += 1
                        }
                        Err(error) => {
                            problems.push(format!("{major} {line}\n  ours {} {error}\n  said {said:?}", error.code()));
                        }
                        Ok(own) => problems.push(format!("{major} {line}\n--- ours\n{own}\n  said {said:?}")),
                    }
                }
            }
            session.batch_execute("ROLLBACK").unwrap();
        }
        println!("{major}: {kinds:?}");
    }
    assert!(problems.is_empty(), "{} differ\n{}", problems.len(), problems.join("\n"));
}

fn own_body(env: &Env, sql: &str) -> Result<String, AnalyzeError> {
    let path = SearchPath::new(["public"]);
    let Some(NodeEnum::CreateFunctionStmt(made)) = parse_statement_text(sql)?.node else { panic!("{sql}") };
    let row = env.lookup_type(&path, None, "a").unwrap().oid;
    let arguments = [("one", Oid::INT4), ("two", Oid::TEXT), ("rec", row), ("", Oid::INT4)];
    let arguments: Vec<(String, Oid)> = arguments.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect();
    let names: Vec<String> = arguments.iter().map(|(name, _)| name.clone()).collect();
    let parameters = Parameters { function: Some("f".to_owned()), arguments };
    let (ty, _) = env.lookup_type_name(&path, made.return_type.as_ref().unwrap()).unwrap();
    let columns: Vec<ColumnDefinition> = made
        .parameters
        .iter()
        .filter_map(|node| match &node.node {
            Some(NodeEnum::FunctionParameter(parameter)) => Some(parameter),
            _ => None,
        })
        .filter(|parameter| parameter.mode == FunctionParameterMode::FuncParamTable as i32)
        .map(|parameter| {
            let (ty, typmod) = env.lookup_type_name(&path, parameter.arg_type.as_ref().unwrap()).unwrap();
            ColumnDefinition { name: parameter.name.clone(), ty, typmod, collation: env.type_collation(ty) }
        })
        .collect();
    let columns = Some(columns).filter(|columns| columns.len() > 1);
    let result = DeclaredResult { ty, columns, procedure: false };
    let body = analyze_function_body(env, &path, made.sql_body.as_deref().unwrap(), &parameters, &result)?;
    let body = match &body {
        SqlBody::Return(query) => FunctionBody::Return(query),
        SqlBody::Atomic(queries) => FunctionBody::Atomic(queries),
    };
    Ok(deparse_function_body(env, "f", &names, body).unwrap_or_else(|error| format!("{error}")))
}

#[test]
fn the_text_of_bodies() {
    let statement = |line: &str| {
        let (result, body) = line.split_once('|').unwrap();
        format!("CREATE FUNCTION f(one integer, two text, rec a, integer) RETURNS {result} LANGUAGE sql {body}")
    };
    let said = |session: &mut Client| {
        let row = session.query_one("SELECT pg_get_function_sqlbody('public.f'::regproc)", &[]).unwrap();
        row.get(0)
    };
    compare(BODIES, &statement, &said, &own_body);
}

fn own_rule(env: &Env, sql: &str) -> Result<String, AnalyzeError> {
    let path = SearchPath::new(["public"]);
    let Some(NodeEnum::RuleStmt(raw)) = parse_statement_text(sql)?.node else { panic!("{sql}") };
    let made = analyze_rule(env, &path, &raw)?;
    let rule = Rule {
        name: &raw.rulename,
        relation: made.relation,
        event: match made.event {
            CommandType::Insert => RuleEvent::Insert,
            CommandType::Update => RuleEvent::Update,
            _ => RuleEvent::Delete,
        },
        condition: made.condition.as_ref(),
        instead: raw.instead,
        actions: &made.actions,
    };
    Ok(deparse_rule(env, &rule).unwrap_or_else(|error| format!("{error}")))
}

#[test]
fn the_text_of_rules() {
    let said = |session: &mut Client| {
        let row = session.query_one("SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE rulename = 'r'", &[]).unwrap();
        row.get(0)
    };
    compare(RULES, &|line| format!("CREATE RULE r AS {line}"), &said, &own_rule);
}

/// Every query of a view, and every one by chance, is what a rule does and what it asks before.
#[test]
fn queries_within_rules() {
    let said = |session: &mut Client| {
        let row = session.query_one("SELECT pg_get_ruledef(oid) FROM pg_rewrite WHERE rulename = 'r'", &[]).unwrap();
        row.get(0)
    };
    let mut lines: Vec<String> = VIEWS.lines().filter(|line| !line.starts_with("--")).map(str::to_owned).collect();
    lines.extend(random::queries(0x2545_F491_4F6C_DD1D, 300));
    let rules: Vec<String> = (0_usize..)
        .zip(&lines)
        .map(|(n, query)| match n % 4 {
            0 => format!("ON UPDATE TO t DO INSTEAD {query}"),
            1 => format!("ON DELETE TO t WHERE EXISTS ({query}) DO ALSO DELETE FROM gone WHERE one = old.k"),
            2 => format!("ON UPDATE TO a WHERE old.id > 1 AND EXISTS ({query}) DO INSTEAD NOTHING"),
            _ => format!("ON INSERT TO b DO ALSO (DELETE FROM gone WHERE EXISTS ({query}) AND one = new.id; {query})"),
        })
        .collect();
    compare(&rules.join("\n"), &|line| format!("CREATE RULE r AS {line}"), &said, &own_rule);
}
