//! The settings that change what DDL means, and the SET statements that change them.
//!
//! A setting is carried with each statement ([`Settings`]), required to have the one value under which pgseal reads
//! (`standard_conforming_strings`), without effect on a schema (timeouts, messages), or refused by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{AConst, Node, SelectStmt, VariableSetKind, VariableSetStmt, a_const};

use crate::diagnostic::{Diagnostic, SqlState, codes};

/// What is in force when a statement is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The schemas in which unqualified names are looked up, as named in `search_path`; `$user` stands for the current
    /// user's schema. Empty after pg_dump's `set_config('search_path', '', false)`.
    pub search_path: Vec<String>,
    /// Where tables and indexes go that name no tablespace; empty for the database's.
    pub default_tablespace: String,
    /// The access method of tables that name none.
    pub default_table_access_method: String,
    /// The compression of columns that name none: `pglz` or `lz4`.
    pub default_toast_compression: String,
    /// Whether the bodies of routines are checked when they are created.
    pub check_function_bodies: bool,
}

impl Default for Settings {
    /// The values of a server that nobody configured.
    fn default() -> Settings {
        Settings {
            search_path: vec!["$user".to_owned(), "public".to_owned()],
            default_tablespace: String::new(),
            default_table_access_method: "heap".to_owned(),
            default_toast_compression: "pglz".to_owned(),
            check_function_bodies: true,
        }
    }
}

impl Settings {
    /// The values that a database gives new sessions, as a snapshot lists them; a server's defaults for what is not
    /// listed, or is listed with a value that means nothing.
    #[must_use]
    pub fn of_server(listed: &BTreeMap<String, String>) -> Settings {
        let mut settings = Settings::default();
        if let Some(path) = listed.get("search_path").and_then(|text| split_names(text)) {
            settings.search_path = path;
        }
        if let Some(tablespace) = listed.get("default_tablespace") {
            settings.default_tablespace.clone_from(tablespace);
        }
        if let Some(method) = listed.get("default_table_access_method").filter(|method| !method.is_empty()) {
            settings.default_table_access_method.clone_from(method);
        }
        if let Some(method) = listed.get("default_toast_compression").filter(|method| !method.is_empty()) {
            settings.default_toast_compression.clone_from(method);
        }
        if let Some(on) = listed.get("check_function_bodies").and_then(|text| boolean(text)) {
            settings.check_function_bodies = on;
        }
        settings
    }
}

/// The settings of the script so far; `SET LOCAL` ends with its transaction.
#[derive(Debug)]
pub(super) struct Session {
    initial: Arc<Settings>,
    session: Arc<Settings>,
    effective: Arc<Settings>,
    in_transaction: bool,
}

/// What came of a SET.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Taken over, or without effect on a schema.
    Done,
    /// It changes who owns what is created.
    Role,
}

/// How long a change lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Session,
    Transaction,
}

/// Settings that pgseal reads under one value only.
const REQUIRED: [(&str, &[&str]); 9] = [
    ("standard_conforming_strings", &["on", "true", "1", "yes"]),
    ("array_nulls", &["on", "true", "1", "yes"]),
    ("transform_null_equals", &["off", "false", "0", "no"]),
    ("default_with_oids", &["off", "false", "0", "no"]),
    ("client_encoding", &["utf8", "utf-8", "unicode", "sql_ascii"]),
    ("xmloption", &["content"]),
    ("datestyle", &["iso", "iso, mdy"]),
    ("intervalstyle", &["postgres"]),
    ("createrole_self_grant", &[""]),
];

/// Settings that cannot change what a schema is.
const WITHOUT_EFFECT: [&str; 26] = [
    "application_name",
    "backslash_quote",
    "bytea_output",
    "client_min_messages",
    "constraint_exclusion",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "escape_string_warning",
    "extra_float_digits",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "jit",
    "lock_timeout",
    "log_min_duration_statement",
    "log_min_messages",
    "log_statement",
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "row_security",
    "session_replication_role",
    "statement_timeout",
    "synchronous_commit",
    "temp_buffers",
    "transaction_timeout",
    "tcp_keepalives_idle",
    "work_mem",
];

impl Session {
    pub(super) fn new(initial: Settings) -> Session {
        let initial = Arc::new(initial);
        Session { session: Arc::clone(&initial), effective: Arc::clone(&initial), initial, in_transaction: false }
    }

    /// What is in force now.
    pub(super) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.effective)
    }

    pub(super) fn begin(&mut self) {
        self.in_transaction = true;
    }

    pub(super) fn commit(&mut self) {
        self.in_transaction = false;
        self.effective = Arc::clone(&self.session);
    }

    pub(super) fn discard(&mut self) {
        self.session = Arc::clone(&self.initial);
        self.effective = Arc::clone(&self.initial);
    }

    /// Carries out a SET or RESET.
    pub(super) fn set(&mut self, statement: &VariableSetStmt) -> Result<Outcome, Diagnostic> {
        let name = statement.name.to_ascii_lowercase();
        let reach = if statement.is_local { Reach::Transaction } else { Reach::Session };
        match VariableSetKind::try_from(statement.kind) {
            Ok(VariableSetKind::VarSetValue) => {
                let values: Option<Vec<String>> = statement.args.iter().map(constant).collect();
                let values = values.ok_or_else(|| unsupported(&name, "the value is not a constant"))?;
                self.assign(&name, &values, reach)
            }
            Ok(VariableSetKind::VarSetDefault | VariableSetKind::VarReset) => self.reset(&name, reach),
            Ok(VariableSetKind::VarResetAll) => {
                self.discard();
                Ok(Outcome::Done)
            }
            // SET TRANSACTION …: isolation and read-only, nothing about the schema
            Ok(VariableSetKind::VarSetMulti) => Ok(Outcome::Done),
            Ok(VariableSetKind::VarSetCurrent | VariableSetKind::Undefined) | Err(_) => {
                Err(unsupported(&name, "the value is not written in the file"))
            }
        }
    }

    /// Carries out `set_config(name, value, is_local)`.
    fn set_config(&mut self, name: &str, value: &str, reach: Reach) -> Result<Outcome, Diagnostic> {
        let name = name.to_ascii_lowercase();
        let values = match name == "search_path" {
            true => split_names(value).ok_or_else(|| unsupported(&name, "the list of schemas is malformed"))?,
            false => vec![value.to_owned()],
        };
        self.assign(&name, &values, reach)
    }

    fn reset(&mut self, name: &str, reach: Reach) -> Result<Outcome, Diagnostic> {
        let initial = Arc::clone(&self.initial);
        match name {
            "search_path" => self.change(reach, |s| s.search_path.clone_from(&initial.search_path)),
            "default_tablespace" => {
                self.change(reach, |s| s.default_tablespace.clone_from(&initial.default_tablespace))
            }
            "default_table_access_method" => self.change(reach, |s| {
                s.default_table_access_method.clone_from(&initial.default_table_access_method);
            }),
            "default_toast_compression" => self.change(reach, |s| {
                s.default_toast_compression.clone_from(&initial.default_toast_compression);
            }),
            "check_function_bodies" => self.change(reach, |s| s.check_function_bodies = initial.check_function_bodies),
            "role" | "session_authorization" => return Ok(Outcome::Role),
            // back to the value under which pgseal reads
            name if is_required(name) || is_without_effect(name) => {}
            name => return Err(unsupported(name, "pgseal does not know what it changes")),
        }
        Ok(Outcome::Done)
    }

    fn assign(&mut self, name: &str, values: &[String], reach: Reach) -> Result<Outcome, Diagnostic> {
        let value = || values.join(", ");
        match name {
            "search_path" => {
                // the empty string is how an empty path is written in SET: it names no schema that can exist
                let path: Vec<String> = values.iter().filter(|name| !name.is_empty()).cloned().collect();
                self.change(reach, |s| s.search_path.clone_from(&path));
            }
            "default_tablespace" => self.change(reach, |s| s.default_tablespace = value()),
            "default_table_access_method" => self.change(reach, |s| s.default_table_access_method = value()),
            "default_toast_compression" => {
                let method = value().to_ascii_lowercase();
                if method != "pglz" && method != "lz4" {
                    return Err(Diagnostic::error(
                        codes::UNSUPPORTED_SETTING,
                        format!("invalid value for parameter \"default_toast_compression\": \"{}\"", value()),
                    )
                    .with_sqlstate(SqlState::INVALID_PARAMETER_VALUE)
                    .with_hint("available values: pglz, lz4"));
                }
                self.change(reach, |s| s.default_toast_compression.clone_from(&method));
            }
            "check_function_bodies" => {
                let on = boolean(&value()).ok_or_else(|| unsupported(name, "it requires a Boolean value"))?;
                self.change(reach, |s| s.check_function_bodies = on);
            }
            "role" | "session_authorization" => return Ok(Outcome::Role),
            name => return required(name, &value()),
        }
        Ok(Outcome::Done)
    }

    fn change(&mut self, reach: Reach, change: impl Fn(&mut Settings)) {
        change(Arc::make_mut(&mut self.effective));
        if reach == Reach::Session {
            change(Arc::make_mut(&mut self.session));
        }
    }

    /// Tells whether a SET LOCAL would be without effect now.
    pub(super) fn local_is_lost(&self, statement: &VariableSetStmt) -> bool {
        statement.is_local && !self.in_transaction
    }
}

fn is_required(name: &str) -> bool {
    REQUIRED.iter().any(|(required, _)| *required == name)
}

fn is_without_effect(name: &str) -> bool {
    // a dot marks an extension's or the application's own setting
    WITHOUT_EFFECT.contains(&name) || name.contains('.')
}

fn required(name: &str, value: &str) -> Result<Outcome, Diagnostic> {
    if is_without_effect(name) {
        return Ok(Outcome::Done);
    }
    let Some((_, allowed)) = REQUIRED.iter().find(|(required, _)| *required == name) else {
        return Err(unsupported(name, "pgseal does not know what it changes"));
    };
    if allowed.contains(&value.to_ascii_lowercase().as_str()) {
        return Ok(Outcome::Done);
    }
    let expected = allowed.first().copied().unwrap_or("");
    Err(unsupported(name, &format!("the file sets it to \"{value}\", and is read as if it were \"{expected}\"")))
}

fn unsupported(name: &str, detail: &str) -> Diagnostic {
    Diagnostic::error(codes::UNSUPPORTED_SETTING, format!("setting \"{name}\" is not supported in a schema file"))
        .with_detail(detail.to_owned())
        .with_hint("remove the SET, and write what it abbreviates in full")
        .with_sqlstate(SqlState::FEATURE_NOT_SUPPORTED)
}

fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "on" | "true" | "t" | "yes" | "y" | "1" => Some(true),
        "off" | "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

/// A constant as SET reads it.
fn constant(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::AConst(AConst { val: Some(value), .. }) => match value {
            a_const::Val::Sval(text) => Some(text.sval.clone()),
            a_const::Val::Ival(number) => Some(number.ival.to_string()),
            a_const::Val::Fval(number) => Some(number.fval.clone()),
            a_const::Val::Boolval(truth) => Some(truth.boolval.to_string()),
            a_const::Val::Bsval(_) => None,
        },
        // SET TIME ZONE INTERVAL …
        _ => None,
    }
}

/// Reads a list of names as the server reads `search_path`: `a, "B c"`. `None` when it is malformed.
fn split_names(text: &str) -> Option<Vec<String>> {
    let mut rest = text.trim();
    let mut names = Vec::new();
    if rest.is_empty() {
        return Some(names);
    }
    loop {
        let (name, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_name(quoted)?,
            None => {
                let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
                (rest.get(..end)?.to_ascii_lowercase(), rest.get(end..)?)
            }
        };
        if name.is_empty() {
            return None;
        }
        names.push(name);
        let behind = behind.trim_start();
        if behind.is_empty() {
            return Some(names);
        }
        rest = behind.strip_prefix(',')?.trim_start();
    }
}

fn quoted_name(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let quote = rest.find('"')?;
        name.push_str(rest.get(..quote)?);
        rest = rest.get(quote + 1..)?;
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, rest)),
        }
    }
}

/// Recognises `SELECT * FROM pg_catalog.pg_restore_relation_stats(…)`, as pg_dump writes planner statistics.
pub(super) fn restores_statistics(select: &SelectStmt) -> bool {
    let [from] = select.from_clause.as_slice() else { return false };
    let Some(NodeEnum::RangeFunction(range)) = &from.node else { return false };
    let [function] = range.functions.as_slice() else { return false };
    let Some(NodeEnum::List(pair)) = &function.node else { return false };
    let Some(NodeEnum::FuncCall(call)) = pair.items.first().and_then(|item| item.node.as_ref()) else { return false };
    let names: Vec<&str> = call.funcname.iter().filter_map(string).collect();
    matches!(names.as_slice(), ["pg_catalog", "pg_restore_relation_stats" | "pg_restore_attribute_stats"])
}

/// A `SELECT` that only calls one function with constants, as pg_dump writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConstantCall {
    pub(super) function: String,
    arguments: Vec<Option<String>>,
}

impl ConstantCall {
    /// Recognises `SELECT f(…)` and `SELECT pg_catalog.f(…)` without any other clause.
    pub(super) fn of(select: &SelectStmt) -> Option<ConstantCall> {
        let [target] = select.target_list.as_slice() else { return None };
        let plain = select.from_clause.is_empty()
            && select.where_clause.is_none()
            && select.with_clause.is_none()
            && select.into_clause.is_none()
            && select.larg.is_none();
        let Some(NodeEnum::ResTarget(target)) = target.node.as_ref() else { return None };
        let Some(NodeEnum::FuncCall(call)) = target.val.as_ref().and_then(|value| value.node.as_ref()) else {
            return None;
        };
        let names: Vec<&str> = call.funcname.iter().filter_map(string).collect();
        let function = match names.as_slice() {
            [function] | ["pg_catalog", function] if plain => (*function).to_owned(),
            _ => return None,
        };
        Some(ConstantCall { function, arguments: call.args.iter().map(constant).collect() })
    }

    /// Carries out a `set_config` call.
    pub(super) fn set_config(&self, session: &mut Session) -> Result<Outcome, Diagnostic> {
        match self.arguments.as_slice() {
            [Some(name), Some(value), Some(local)] => {
                let reach = if boolean(local) == Some(true) { Reach::Transaction } else { Reach::Session };
                // outside of a transaction a local setting ends with the statement
                if reach == Reach::Transaction && !session.in_transaction {
                    return Ok(Outcome::Done);
                }
                session.set_config(name, value, reach)
            }
            _ => Err(Diagnostic::error(codes::UNSUPPORTED_SETTING, "set_config with arguments that are not constants")
                .with_sqlstate(SqlState::FEATURE_NOT_SUPPORTED)),
        }
    }
}

fn string(node: &Node) -> Option<&str> {
    match node.node.as_ref()? {
        NodeEnum::String(text) => Some(text.sval.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_names_are_read_as_the_server_does() {
        assert_eq!(split_names(""), Some(vec![]));
        assert_eq!(split_names(" A , \"B, \"\"c\" "), Some(vec!["a".into(), "B, \"c".into()]));
        assert_eq!(split_names("\"$user\", public"), Some(vec!["$user".into(), "public".into()]));
        assert_eq!(split_names("a,,b"), None);
        assert_eq!(split_names("a b"), None);
        assert_eq!(split_names("\"a"), None);
    }

    #[test]
    fn a_database_has_settings_of_its_own() {
        let listed = BTreeMap::from([
            ("search_path".to_owned(), "\"$user\", App, public".to_owned()),
            ("check_function_bodies".to_owned(), "off".to_owned()),
            ("default_toast_compression".to_owned(), "lz4".to_owned()),
        ]);
        let settings = Settings::of_server(&listed);
        assert_eq!(settings.search_path, ["$user", "app", "public"]);
        assert!(!settings.check_function_bodies);
        assert_eq!(settings.default_toast_compression, "lz4");
        assert_eq!(settings.default_table_access_method, "heap");
        assert_eq!(Settings::of_server(&BTreeMap::new()), Settings::default());
    }

    #[test]
    fn names_of_settings_are_listed_once() {
        for (name, _) in REQUIRED {
            assert!(!WITHOUT_EFFECT.contains(&name), "{name}");
        }
    }
}
