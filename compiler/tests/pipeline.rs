//! The commands that compile, as a user runs them, on snapshots made here.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};

use pgseal::compile::desired;
use pgseal::syntax::{SyntaxOptions, read_text};
use pgseal_catalog::plan::Hazard;
use pgseal_catalog::snapshot::Header;
use pgseal_catalog::symbols::Symbols;
use pgseal_catalog::{Catalog, Plan, Scope, Snapshot};

struct Ended {
    code: i32,
    out: String,
    err: String,
}

/// A folder to work in.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        let desk = Desk(tempfile::tempdir().unwrap());
        desk.run("keygen --out a.pem --no-passphrase", 0);
        desk.run("keygen --out b.pem --no-passphrase", 0);
        desk.run("trust init --key a.pub.pem --key b.pub.pem --threshold 2 --out trust.toml", 0);
        desk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    #[track_caller]
    fn run(&self, line: &str, code: i32) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_pgseal"))
            .args(line.split_whitespace())
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let ended = Ended {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        assert_eq!(ended.code, code, "{line}\n{}{}", ended.out, ended.err);
        ended
    }
}

/// A snapshot of a database that a schema was loaded into.
fn snapshot(schema: &str) -> Vec<u8> {
    let header = Header {
        server_version_num: 170_000,
        server_version: "17.0".to_owned(),
        captured_at: "2026-01-01T00:00:00Z".to_owned(),
        database: "app".to_owned(),
        system_identifier: None,
        encoding: "UTF8".to_owned(),
        collate: "C".to_owned(),
        ctype: "C".to_owned(),
        locale_provider: "libc".to_owned(),
        settings: BTreeMap::new(),
        roles: BTreeSet::new(),
        extensions_available: BTreeMap::new(),
        collations: BTreeSet::new(),
        lost_columns: BTreeSet::new(),
        statistics: BTreeMap::new(),
    };
    let empty = Snapshot {
        header,
        scope: Scope::default(),
        catalog: Catalog::new(),
        symbols: Symbols::default(),
        unmodeled: Vec::new(),
    };
    let text = read_text("before.sql", schema, &SyntaxOptions::default());
    let (model, _) = desired(&empty, &text).unwrap();
    Snapshot { catalog: model.into_catalog(), ..empty }.to_bytes()
}

const BEFORE: &str = "create table public.t (id integer primary key, old text);";
const AFTER: &str = "create table public.t (id integer primary key, old text, new text not null default 'x');\n\
                     create index on public.t (new);";

#[test]
fn a_plan_is_made_signed_cosigned_and_verified() {
    let desk = Desk::new();
    desk.write("before.json", snapshot(BEFORE));
    desk.write("schema.sql", AFTER);
    let look = desk.run("plan --snapshot before.json --schema schema.sql --detailed-exitcode", 20);
    assert!(look.out.contains("table public.t") && look.err.is_empty(), "{}{}", look.out, look.err);
    let inputs = "--snapshot before.json --schema schema.sql";
    desk.run(&format!("plan {inputs} --out plan.json --key a.pem --output-human h.txt --output-sql p.sql"), 0);
    let plan = Plan::from_bytes(&desk.read("plan.json")).unwrap();
    assert!(!plan.phases.is_empty());
    assert_eq!(plan.inputs.schema.keys().collect::<Vec<_>>(), ["schema.sql"]);
    assert!(String::from_utf8(desk.read("p.sql")).unwrap().contains("COMMIT;"));
    assert!(String::from_utf8(desk.read("h.txt")).unwrap().starts_with("Plan for PostgreSQL 17\n"));

    desk.run("verify plan.json --trust trust.toml", 3);
    desk.run(&format!("reproduce plan.json {inputs}"), 0);
    desk.run(&format!("cosign plan.json {inputs} --key b.pem"), 0);
    let accepted = desk.run("verify plan.json --trust trust.toml", 0);
    assert!(accepted.out.contains("signed by a (") && accepted.out.contains("reproduced by b ("), "{}", accepted.out);

    // the same plan again keeps the signatures, another one voids them
    desk.run(&format!("plan {inputs} --out plan.json"), 0);
    desk.run("verify plan.json --trust trust.toml", 0);
    desk.run(&format!("plan {inputs} --out plan.json --lock-timeout 1"), 0);
    assert!(!desk.path().join("plan.json.sig").exists());
}

#[test]
fn a_plan_that_is_not_reproduced_is_not_cosigned() {
    let desk = Desk::new();
    desk.write("before.json", snapshot(BEFORE));
    desk.write("schema.sql", AFTER);
    desk.run("plan --snapshot before.json --schema schema.sql --out plan.json", 0);
    desk.write("schema.sql", BEFORE);
    let refused = desk.run("cosign plan.json --snapshot before.json --schema schema.sql --key b.pem", 3);
    assert!(refused.err.contains("schema file \"schema.sql\" had sha256"), "{}", refused.err);
    desk.write("schema.sql", AFTER);
    desk.write("before.json", snapshot(""));
    let refused = desk.run("reproduce plan.json --snapshot before.json --schema schema.sql", 3);
    assert!(refused.err.contains("made from a snapshot with sha256"), "{}", refused.err);
    desk.write("before.json", snapshot(BEFORE));
    let text = String::from_utf8(desk.read("plan.json")).unwrap();
    desk.write("plan.json", text.replace("'x'", "'y'"));
    let refused = desk.run("reproduce plan.json --snapshot before.json --schema schema.sql", 3);
    assert!(refused.err.contains("another statement"), "{}", refused.err);
    assert!(!desk.path().join("plan.json.sig").exists());
}

#[test]
fn data_loss_is_not_signed_unless_allowed() {
    let desk = Desk::new();
    desk.write("before.json", snapshot(BEFORE));
    desk.write("schema.sql", "create table public.t (id integer primary key);");
    let inputs = "--snapshot before.json --schema schema.sql --out plan.json --key a.pem";
    let written = desk.run(&format!("plan {inputs}"), 9);
    assert!(written.err.contains("not signed: it loses data"), "{}", written.err);
    assert!(written.out.contains("! data-loss"), "{}", written.out);
    assert!(desk.path().join("plan.json").exists() && !desk.path().join("plan.json.sig").exists());
    desk.run(&format!("plan {inputs} --allow data-loss"), 0);
    assert!(desk.path().join("plan.json.sig").exists());
}

/// A phase has its locks from its beginning to its end: who waits for any of them waits for a step that takes long, and nobody for a
/// step on a table that the plan itself has made.
#[test]
fn who_waits_for_a_step_that_takes_long_is_told() {
    let desk = Desk::new();
    desk.write("before.json", snapshot("create table public.a (id integer); create table public.b (id integer);"));
    let hazards = |schema: &str| {
        desk.write("schema.sql", schema);
        desk.run("plan --snapshot before.json --schema schema.sql --out plan.json", 0);
        let plan = Plan::from_bytes(&desk.read("plan.json")).unwrap();
        let mut found = Vec::new();
        for step in plan.phases.iter().flat_map(|phase| &phase.steps) {
            let hazards = step.hazards.iter().filter(|hazard| hazard.kind.word().starts_with("blocks-"));
            let about = |hazard: &Hazard| format!("{} {}", hazard.kind.word(), hazard.relation.as_ref().unwrap().name);
            found.extend(hazards.map(|hazard| format!("{}: {}", &step.sql[..11], about(hazard))));
            assert!(step.hazards.iter().all(|hazard| plan.hazards.contains(&hazard.kind)));
        }
        found
    };
    let index = "create index on public.a (id);";
    let b = "create table public.b (id integer);";
    let alone = hazards(&format!("create table public.a (id integer); {b} {index}"));
    assert_eq!(alone, ["CREATE INDE: blocks-writes a"]);
    let altered = hazards(&format!("create table public.a (id integer, x integer); {b} {index}"));
    assert_eq!(altered, ["CREATE INDE: blocks-writes a", "CREATE INDE: blocks-reads a"]);
    let both =
        hazards(&format!("create table public.a (id integer); create table public.b (id integer, x integer); {index}"));
    assert_eq!(both, ["CREATE INDE: blocks-writes a", "CREATE INDE: blocks-reads b", "CREATE INDE: blocks-writes b"]);
    let instant = hazards(
        "create table public.a (id integer, x integer); create table public.b (id integer);
         create table public.c (id integer); create index on public.c (id);",
    );
    assert_eq!(instant, Vec::<String>::new());
}

#[test]
fn errors_are_reported_together_with_their_places() {
    let desk = Desk::new();
    desk.write("before.json", snapshot(""));
    desk.write("schema.sql", "create tabel a ();\ncreate table b (x int);\ninsert into b values (1);\n");
    let refused = desk.run("plan --snapshot before.json --schema schema.sql --out plan.json", 10);
    assert!(
        refused.err.contains("schema.sql:1:8: error[PGS1001]: syntax error at or near \"tabel\""),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("schema.sql:3:1: error[PGS1020]"), "{}", refused.err);
    assert!(refused.err.ends_with("pgseal: error: the schema has 2 errors\n"), "{}", refused.err);
    assert!(!desk.path().join("plan.json").exists());
    let json = desk.run("--messages json plan --snapshot before.json --schema schema.sql", 10);
    let list = json.err.split("\npgseal: error").next().unwrap();
    let list: serde_json::Value = serde_json::from_str(list).unwrap();
    assert_eq!((list.as_array().unwrap().len(), &list[1]["place"]["line"]), (2, &serde_json::json!(3)));
    desk.write(
        "schema.sql",
        "create table b (x nothing);\ncreate table c (y nothing_either);\ninsert into b values (1);\n",
    );
    let refused = desk.run("plan --snapshot before.json --schema schema.sql --skip-dml", 10);
    assert!(refused.err.contains("schema.sql:1:19: error[PGS2"), "{}", refused.err);
    assert!(refused.err.contains("schema.sql:2:19: error[PGS2"), "{}", refused.err);
}

#[test]
fn depth_is_answered_or_refused_at_its_place() {
    let desk = Desk::new();
    desk.write("before.json", snapshot(""));
    let run = |text: &str, code: i32| {
        desk.write("schema.sql", format!("create schema s;\n{text};\n"));
        desk.run("plan --snapshot before.json --schema schema.sql --out plan.json", code)
    };
    let nested = |before: &str, middle: &str, after: &str, levels: usize| {
        format!("{}{middle}{}", before.repeat(levels), after.repeat(levels))
    };
    let of_default = |text: String| format!("create table t (a int,\n    b int default {text})");
    run(&of_default(nested("1 + ", "1", "", 1000)), 0);
    run(&of_default(nested("(", "1", ")", 3000)), 0);
    run(&of_default(nested("abs(", "1", ")", 1000)), 0);
    for (text, place) in [
        (of_default(nested("1 + ", "1", "", 3000)), "3:"),
        (of_default(nested("1 + ", "1", "", 100_000)), "2:1"),
        (of_default(nested("(", "1", ")", 10_000)), "2:1"),
        (of_default(format!("({})", nested("not ", "true", "", 100_000))), "2:1"),
        (of_default(nested("case when true then ", "1", " end", 10_000)), "2:1"),
        (of_default(nested("array[", "1", "]", 10_000)), "2:1"),
        (of_default(nested("", "1", "::int", 100_000)), "2:1"),
        (format!("create view v as select 1{}", " union select 1".repeat(100_000)), "2:1"),
        (format!("create view v as select {}", nested("(select ", "1", ")", 10_000)), "2:1"),
    ] {
        let refused = run(&text, 10);
        let first = refused.err.lines().next().unwrap_or_default();
        assert!(first.starts_with(&format!("schema.sql:{place}")), "{first}");
        assert!(first.contains("error[PGS1005]"), "{first}");
    }
    // literals have limits of their own, and so have types
    for text in [
        of_default(format!("'{}'", nested("{", "1", "}", 100_000))),
        format!("create table t (a jsonb default '{}')", nested("[", "1", "]", 100_000)),
        format!("create table t (a jsonb default '{}')", nested("{\"a\":", "1", "}", 100_000)),
        format!("create table t (a jsonpath default '{}')", nested("(", "1", ")", 100_000)),
        format!("create table t (a tsquery default '{}')", nested("(!", "a", ")", 100_000)),
        format!("create table t (a regtype default 'int{}')", "[]".repeat(100_000)),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_pgseal"))
            .args("plan --snapshot before.json --schema schema.sql".split(' '))
            .current_dir({
                desk.write("schema.sql", &text);
                desk.path()
            })
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let head: String = text.chars().take(60).collect();
        assert!(matches!(output.status.code(), Some(0 | 10)), "{head}: {:?} {said:.300}", output.status);
    }
}

#[test]
fn a_dump_plans_to_nothing() {
    let desk = Desk::new();
    desk.write("before.json", snapshot(AFTER));
    desk.run("dump before.json --out schema.sql", 0);
    let empty = desk.run("plan --snapshot before.json --schema schema.sql --detailed-exitcode", 0);
    assert!(empty.out.contains("No changes"), "{}", empty.out);
    desk.run("dump before.json --out-dir schema", 0);
    let empty = desk.run("plan --snapshot before.json --schema schema --detailed-exitcode", 0);
    assert!(empty.out.contains("No changes"), "{}", empty.out);
    assert_eq!(desk.run("dump before.json --out -", 0).out.as_bytes(), desk.read("schema.sql"));
}

#[test]
fn differences_are_shown_both_ways() {
    let desk = Desk::new();
    desk.write("before.json", snapshot(BEFORE));
    desk.write("after.json", snapshot(AFTER));
    desk.write("before.sql", BEFORE);
    desk.write("after.sql", AFTER);
    for (from, to) in [("before.json", "after.json"), ("before.json", "after.sql"), ("before.sql", "after.json")] {
        let shown = desk.run(&format!("diff {from} {to} --detailed-exitcode"), 20);
        assert!(shown.out.contains("+ column public.t.new"), "{}", shown.out);
        let shown = desk.run(&format!("diff {to} {from}"), 0);
        assert!(shown.out.contains("- column public.t.new"), "{}", shown.out);
    }
    desk.run("diff before.sql after.sql", 2);
    desk.run("diff before.sql after.sql --like before.json --detailed-exitcode", 20);
    assert_eq!(desk.run("diff before.json before.sql --detailed-exitcode", 0).out, "No differences.\n");
}

/// A schema that is parsed on several threads and elaborated meanwhile gives the plan that it gives when it is read as a whole
/// first: with names that come later, with what is done to a foreign table before it is made, and with a snapshot in another layout.
#[test]
fn reading_beside_each_other_changes_nothing() {
    let long = "a note that makes the file long enough for several runs ".repeat(40);
    let tables: String = (0..100)
        .map(|n| {
            format!(
                "comment on table public.t{n} is 'the table of {n}';\n\
                 create table public.t{n} (id integer primary key, next integer references public.t{} (id),\n    \
                 note text default '{long}' check (note <> ''));\n\
                 create index on public.t{n} (note) where next > {n};\n",
                (n + 1) % 100
            )
        })
        .collect();
    let foreign = format!(
        "comment on column public.far.x is 'far away';\ncreate trigger far before insert on public.far execute function public.f();\n\
         {tables}create server s foreign data wrapper w;\ncreate foreign table public.far (x int) server s;\n"
    );
    assert!(tables.len() > 3 * 64 * 1024);
    let desk = Desk::new();
    let before = snapshot("create table public.t0 (id integer primary key); create table public.gone ();");
    desk.write("before.json", &before);
    let loose: serde_json::Value = serde_json::from_slice(&before).unwrap();
    desk.write("loose.json", loose.to_string());
    let mut phases = Vec::new();
    for schema in [&tables, &foreign] {
        desk.write("schema.sql", schema);
        for snapshot in ["before.json", "loose.json"] {
            desk.run(&format!("plan --snapshot {snapshot} --schema schema.sql --out plan.json"), 9);
            let bytes = desk.read(snapshot);
            let at_once = pgseal::compile::compile(
                &Snapshot::from_bytes(&bytes).unwrap(),
                pgseal_catalog::Digest::of(&bytes),
                &read_text("schema.sql", schema, &SyntaxOptions::default()),
                &pgseal::compile::CompileOptions::default(),
            );
            let plan = at_once.unwrap().plan;
            assert!(plan.to_bytes() == desk.read("plan.json"), "another plan from {snapshot}");
            phases.push(plan.phases);
        }
    }
    assert!(phases.iter().all(|other| *other == phases[0] && !other.is_empty()));
    // errors in a later run come with those in an earlier one
    desk.write(
        "schema.sql",
        format!("create table public.a (x nothing);\n{tables}create table public.b (x nothing, y);\n"),
    );
    let said = desk.run("plan --snapshot before.json --schema schema.sql", 10).err;
    assert!(said.contains("syntax error"), "{said}");
    desk.write(
        "schema.sql",
        format!("create table public.a (x nothing);\n{tables}create table public.b (x neither);\n"),
    );
    let said = desk.run("plan --snapshot before.json --schema schema.sql", 10).err;
    assert!(said.contains("\"nothing\"") && said.contains("\"neither\""), "{said}");
}

#[test]
fn another_order_of_columns_is_noted_and_not_planned() {
    let desk = Desk::new();
    let tables = "create table public.same (a int, b int); create table public.grown (a int, b int);";
    desk.write("before.json", snapshot(&format!("create table public.moved (b int, a int, c int); {tables}")));
    let after = "create table public.moved (a int, b int, c int); create table public.same (a int, b int);
                 create table public.grown (x int, a int, b int);";
    desk.write("schema.sql", after);
    desk.run("plan --snapshot before.json --schema schema.sql --out plan.json --key a.pem", 0);
    let plan = Plan::from_bytes(&desk.read("plan.json")).unwrap();
    let noted: Vec<&String> = plan.notes.iter().filter(|note| note.contains("another order")).collect();
    assert!(matches!(noted.as_slice(), [note] if note.starts_with("table public.moved: ")), "{noted:?}");
    assert_eq!(plan.phases.iter().map(|phase| phase.steps.len()).sum::<usize>(), 1);
}
