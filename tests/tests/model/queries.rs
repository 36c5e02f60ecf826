//! Whole queries: what the columns of views are, against what each server says of them.

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::Node;
use pgseal::analyze::{AnalyzeError, analyze_view_query, query_columns};
use pgseal::env::{Env, Major, Oid, SearchPath};
use pgseal_tests::queries::{Stage, VIEWS, majors, stages, statements, view_aliases};
use pgseal_tests::server::{Server, repository};
use postgres::Client;

const COLUMNS: &str = "SELECT attname::text, format_type(atttypid, atttypmod), coalesce(nullif(attcollation, 100)::regcollation::text, '') \
    FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum";

fn server_columns(session: &mut Client, relation: &str) -> Vec<String> {
    let rows = session.query(COLUMNS, &[&relation]).unwrap_or_else(|error| panic!("{relation}: {error:?}"));
    rows.iter()
        .map(|row| {
            let (name, ty, collation): (String, String, String) = (row.get(0), row.get(1), row.get(2));
            let collation = if collation == "-" || collation == "0" { String::new() } else { collation };
            format!("{name} {ty} {collation}").trim_end().to_owned()
        })
        .collect()
}

fn own_columns(env: &Env, path: &SearchPath, raw: &Node, aliases: &[String]) -> Result<Vec<String>, AnalyzeError> {
    let query = analyze_view_query(env, path, raw, aliases)?;
    Ok(query_columns(&query)
        .into_iter()
        .map(|c| {
            let collation = match c.collation {
                Oid::INVALID | Oid::DEFAULT_COLLATION => String::new(),
                other => {
                    let row = env.collation_by_oid(other).unwrap();
                    env.quote_qualified(None, &row.name)
                }
            };
            format!("{} {} {collation}", c.name, env.format_type_under(path, c.ty, Some(c.typmod)))
                .trim_end()
                .to_owned()
        })
        .collect())
}

/// The server's own views, out of the scripts that made them.
#[test]
fn the_servers_own_views() {
    for major in majors() {
        let server = Server::shared(major);
        let database = server.scratch();
        let mut session = database.connect();
        let env = Env::for_major(Major::from_number(u32::from(major)).unwrap());
        let root = std::env::var("PGSEAL_SERVERS").map_or_else(|_| repository().join(".servers"), Into::into);
        let mut failures = Vec::new();
        let mut count = 0;
        for (file, schema) in [("system_views.sql", "pg_catalog"), ("information_schema.sql", "information_schema")] {
            let folder = root.join(major.to_string()).join("share");
            let found = [folder.join(file), folder.join("postgresql").join(file)].into_iter().find(|p| p.exists());
            let text = std::fs::read_to_string(found.expect("the server's scripts")).unwrap();
            let path = SearchPath::new([schema]);
            session.batch_execute(&format!("SET search_path = {schema}")).unwrap();
            for statement in statements(&text) {
                let Some(NodeEnum::ViewStmt(view)) = statement.node else { continue };
                let name = view.view.as_ref().unwrap().relname.clone();
                let aliases = view_aliases(&view);
                let said = server_columns(&mut session, &format!("{schema}.{name}"));
                count += 1;
                match own_columns(&env, &path, view.query.as_deref().unwrap(), &aliases) {
                    Ok(own) if own == said => {}
                    Ok(own) => failures.push(format!("{major} {name}:\n  ours {own:?}\n  said {said:?}")),
                    Err(error) => failures.push(format!("{major} {name}: {} {error}", error.code())),
                }
            }
        }
        assert!(count > 100, "{count}");
        assert!(failures.is_empty(), "{} of {count}\n{}", failures.len(), failures.join("\n"));
    }
}

/// Queries by hand: the columns of a view over each, or the server's refusal.
#[test]
fn the_columns_of_views() {
    let only = std::env::var("PGSEAL_CASE").unwrap_or_default();
    for stage in stages() {
        let Stage { major, mut session, env, path, .. } = stage;
        let mut failures = Vec::new();
        let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
        for query in VIEWS.lines().filter(|line| line.contains(&only)) {
            let raw = statements(query).remove(0);
            let ours = own_columns(&env, &path, &raw, &[]);
            let made = session.batch_execute(&format!("CREATE VIEW public.v AS {query}"));
            match (made, ours) {
                (Ok(()), ours) => {
                    let said = server_columns(&mut session, "public.v");
                    session.batch_execute("DROP VIEW public.v").unwrap();
                    match ours {
                        Ok(own) if own == said => *kinds.entry("same").or_default() += 1,
                        Ok(own) => failures.push(format!("{query}\n  ours {own:?}\n  said {said:?}")),
                        Err(error) => failures.push(format!("{query}\n  {} {error}", error.code())),
                    }
                }
                (Err(said), Err(error)) => {
                    let code = said.code().map(|c| c.code().to_owned()).unwrap_or_default();
                    // syntax that the server does not know yet is refused for what it comes to without it
                    if code == error.code() || code == "42601" {
                        *kinds.entry("refused").or_default() += 1;
                    } else {
                        failures.push(format!("{query}\n  ours {} {error}\n  said {said:?}", error.code()));
                    }
                }
                (Err(said), Ok(_)) => {
                    let code = said.code().map(|c| c.code().to_owned()).unwrap_or_default();
                    // two columns of one name, and record columns, are refused by the view, not by the query
                    if matches!(code.as_str(), "42701" | "42P16") {
                        *kinds.entry("refused as a view").or_default() += 1;
                    } else {
                        failures.push(format!("{query}\n  said {said:?}"));
                    }
                }
            }
        }
        assert!(failures.is_empty(), "{major}: {kinds:?}\n{}", failures.join("\n"));
        println!("{major}: {kinds:?}");
    }
}
