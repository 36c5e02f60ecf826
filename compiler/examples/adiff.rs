#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
use pgseal::analyze::*;
use pgseal::deparse::{Scope, deparse_expression};
use pgseal::env::*;
use std::collections::BTreeMap;
fn unescape(s: &str) -> String {
    let mut out = String::new();
    let mut c = s.chars();
    while let Some(x) = c.next() {
        if x != '\\' { out.push(x); continue; }
        match c.next().unwrap() {
            'n' => out.push('\n'), 't' => out.push('\t'), 'r' => out.push('\r'), '0' => out.push('\0'),
            'u' => { let r: String = c.by_ref().take_while(|x| *x != '}').collect(); out.push(char::from_u32(u32::from_str_radix(&r[1..],16).unwrap()).unwrap()); }
            o => out.push(o),
        }
    }
    out
}
fn main() {
    let major: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    let show = std::env::args().nth(2).unwrap_or_default();
    let mut env = Env::for_major(Major::from_number(major).unwrap());
    let cols = std::fs::read_to_string(format!("/tmp/an/cols.{major}")).unwrap();
    let oid = env.allocate_oid();
    let mut row_type = TypeRow::user("public", "t", TypeKind::Composite);
    row_type.relation = oid;
    let row_type = env.put_type_with_array(row_type);
    let mut table = RelationRow { oid, schema: "public".into(), name: "t".into(), kind: RelationKind::Table, row_type,
        columns: vec![], parents: vec![], of_type: Oid::INVALID, extension: None };
    for (i, l) in cols.lines().enumerate() {
        let f: Vec<&str> = l.split('\t').collect();
        table.columns.push(ColumnRow { name: f[0].into(), number: i as i16 + 1, type_oid: Oid(f[1].parse().unwrap()), typmod: f[2].parse().unwrap(), collation: Oid(f[3].parse().unwrap()), not_null: false, generated: false });
    }
    env.put_relation(table.clone());
    let path = if std::env::args().nth(3).is_some() { SearchPath::empty() } else { SearchPath::new(["public"]) };
    let text = std::fs::read_to_string(format!("{}-{major}.txt", std::env::args().nth(3).unwrap_or("/tmp/dp".into()))).unwrap();
    let mut n: BTreeMap<String, usize> = BTreeMap::new();
    let start = std::time::Instant::now();
    for line in text.lines() {
        let mut f = line.splitn(3, '\t');
        let (Some(place), Some(expr), Some(ans)) = (f.next(), f.next(), f.next()) else { continue };
        let target_col = place.strip_prefix("Default(\"").and_then(|p| p.strip_suffix("\")")).map(unescape);
        let domain = place.strip_prefix("Domain(\"").and_then(|p| p.strip_suffix("\")")).map(unescape);
        let got = parse_expr_text(expr).and_then(|raw| match place {
            "Check" => cook_constraint(&env, &path, &table, &raw).map(Some),
            "Index" => cook_index_expression(&env, &path, &table, &raw).map(|k| Some(k.expr)),
            "Trigger" => cook_trigger_when(&env, &path, &table, &raw, TriggerEvents { for_each_row: true, before: true, insert: false, delete: false }).map(Some),
            _ => {
                if let Some(c) = &target_col {
                    let c = c.trim_matches('"');
                    let col = table.column(c).unwrap();
                    let t = Target { name: c, type_oid: col.type_oid, typmod: col.typmod };
                    cook_default(&env, &path, None, &raw, &t, DefaultKind::Plain).map(|e| (!is_null_default(&e)).then_some(e))
                } else {
                    let d = domain.as_deref().unwrap();
                    let d = d.split(" COLLATE").next().unwrap();
                    let (ty, tm) = env.parse_format_type(d).or_else(|_| { let raw = pg_query::parse(&format!("select null::{d}"), 0).unwrap(); let s = format!("{:?}", raw.protobuf); let _ = s; Err::<(Oid,i32),()>(()) }).unwrap_or((env.lookup_type(&path, None, d).map(|r| r.oid).unwrap_or(Oid::TEXT), -1));
                    cook_domain_check(&env, &path, ty, tm, &raw).map(Some)
                }
            }
        });
        let scope = match place { "Trigger" => Scope::Trigger, p if p.starts_with("Domain") => Scope::Nothing, _ => Scope::Relation("t") };
        let own = got.map(|e| e.map(|e| deparse_expression(&env, scope, &e)));
        let server = if let Some(s) = ans.strip_prefix("Stored(\"") { Ok(Some(unescape(&s[..s.len() - 2]))) } else if ans == "Nothing" { Ok(None) } else {
            let code = &ans[ans.find("sqlstate: \"").unwrap() + 11..][..5]; Err((code.to_owned(), ans.to_owned())) };
        let (class, detail) = match (&own, &server) {
            (Ok(None), Ok(None)) => ("exact".to_owned(), String::new()),
            (Ok(Some(Ok(a))), Ok(Some(b))) if a == b => ("exact".to_owned(), String::new()),
            (Ok(Some(Err(e))), Ok(_)) => ("deparse-refused".to_owned(), e.to_string()),
            (Ok(a), Ok(b)) => ("WRONG".to_owned(), format!("\n   own: {:?}\n   srv: {:?}", a, b)),
            (Err(AnalyzeError::Unsupported(u)), Ok(_)) => (format!("refused {}", u.code), u.feature.clone()),
            (Err(AnalyzeError::Unsupported(u)), Err(_)) => (format!("refused-both {}", u.code), u.feature.clone()),
            (Err(e), Ok(b)) => ("WRONG-REJECT".to_owned(), format!("\n   own: {} {e}\n   srv: {b:?}", e.code())),
            (Err(e), Err((c, m))) if e.code() == c => ("both-reject-same".to_owned(), if m.contains(&format!("{:?}", e.to_string())) { String::new() } else { format!("\n   own: {e}\n   srv: {m}") }),
            (Err(e), Err((_, m))) => ("both-reject-other-code".to_owned(), format!("\n   own: {} {e}\n   srv: {m}", e.code())),
            (Ok(Some(Ok(a))), Err((_, m))) => ("LENIENT".to_owned(), format!("\n   own: {a}\n   srv: {m}")),
            (Ok(_), Err((_, m))) => ("LENIENT".to_owned(), m.clone()),
        };
        if !show.is_empty() && class.starts_with(&show) && !detail.is_empty() { println!("{class} | {place} | {expr} {detail}"); }
        *n.entry(class).or_default() += 1;
    }
    eprintln!("{major}: {n:#?} {:?}", start.elapsed());
}
