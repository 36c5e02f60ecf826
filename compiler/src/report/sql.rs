//! The plan as a plain script, to be read.
//!
//! It shows what the agent sends, in its order, with its transactions and settings. It is not how a plan is applied: the
//! agent checks the seal, the source and every checkpoint, which a script cannot.

use std::fmt::Write as _;

use pgseal_catalog::plan::{Phase, Step};
use pgseal_catalog::{Name, Plan};

use super::one_line;

/// Writes the script, ending in a line feed.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut out = String::new();
    let _ =
        writeln!(out, "-- What pgseal-agent runs, to be read: applying the plan also checks its seal, the database");
    let _ = writeln!(out, "-- it starts from and every checkpoint, which this script does not.");
    let _ = writeln!(out, "-- PostgreSQL {}", plan.server_major);
    let _ = writeln!(out, "-- source {}", plan.source.fingerprint);
    if plan.phases.is_empty() {
        let _ = writeln!(out, "\n-- no changes");
    }
    for (index, phase) in plan.phases.iter().enumerate() {
        let _ = writeln!(out, "\n-- phase {} of {}", index + 1, plan.phases.len());
        write_phase(&mut out, plan, phase);
        let _ = writeln!(out, "-- checkpoint {}", phase.checkpoint.fingerprint);
    }
    for note in &plan.notes {
        let _ = writeln!(out, "\n-- note: {}", one_line(note));
    }
    out
}

fn write_phase(out: &mut String, plan: &Plan, phase: &Phase) {
    let set = if phase.transaction { "SET LOCAL" } else { "SET" };
    if phase.transaction {
        out.push_str("BEGIN;\n");
    }
    for (name, value) in &plan.settings {
        let _ = writeln!(out, "{set} {} = {};", setting_name(name), literal(value));
    }
    let _ = writeln!(out, "{set} lock_timeout = {};", plan.timeouts.lock_ms);
    let _ = writeln!(out, "{set} statement_timeout = {};", plan.timeouts.statement_ms);
    let mut current = &phase.search_path;
    let _ = writeln!(out, "{set} search_path = {};", path(current));
    for lock in &phase.locks {
        let _ = writeln!(out, "LOCK TABLE {} IN {} MODE;", lock.relation, lock.mode.sql());
    }
    for step in &phase.steps {
        let wanted = step.search_path.as_ref().unwrap_or(&phase.search_path);
        if wanted != current {
            let _ = writeln!(out, "{set} search_path = {};", path(wanted));
            current = wanted;
        }
        write_step(out, step);
    }
    if phase.transaction {
        out.push_str("COMMIT;\n");
    }
}

fn write_step(out: &mut String, step: &Step) {
    for hazard in &step.hazards {
        let _ = writeln!(out, "-- {}: {}", hazard.kind.word(), one_line(&hazard.detail));
    }
    // the statement itself is printed as it is: it must mean what the agent runs
    let _ = writeln!(out, "{};", step.sql.trim_end());
}

fn path(names: &[Name]) -> String {
    if names.is_empty() {
        return "''".to_owned();
    }
    let quoted: Vec<String> = names.iter().map(|name| identifier(name.as_str())).collect();
    quoted.join(", ")
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A parameter's name: the parts of `extension.setting` are names of their own.
fn setting_name(name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.');
    if plain { name.to_owned() } else { identifier(name) }
}

fn literal(value: &str) -> String {
    let escaped = value.replace('\'', "''");
    if escaped.contains('\\') { format!("E'{}'", escaped.replace('\\', "\\\\")) } else { format!("'{escaped}'") }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_script_shows_what_runs() {
        let mut plan = sample::plan();
        plan.notes.push("two\nlines".to_owned());
        let text = render(&plan);
        assert!(text.contains(
            "BEGIN;\nSET LOCAL check_function_bodies = 'off';\nSET LOCAL lock_timeout = 5000;\n\
             SET LOCAL statement_timeout = 0;\nSET LOCAL search_path = \"app\", \"pub\"\"lic\";\n\
             LOCK TABLE app.users IN ACCESS EXCLUSIVE MODE;\nCREATE TABLE app.orders (\n    id integer\n);\n\
             -- data-loss: column \"old\" goes\nALTER TABLE app.users DROP COLUMN old;\n"
        ));
        assert!(text.contains("SET search_path = '';\nDROP INDEX CONCURRENTLY app.i;\n"));
        assert!(text.ends_with("-- note: two lines\n"));
        // it is a script that Postgres's grammar accepts
        assert!(pg_query::parse(&text, 0).is_ok());
    }

    #[test]
    fn values_are_quoted() {
        assert_eq!(literal("a'b\\"), "E'a''b\\\\'");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(setting_name("A b"), "\"A b\"");
    }
}
