//! The settings of a function (`proconfig`), as the server stores them.
//!
//! Follows `flatten_set_variable_args`, guc_funcs.c, and `GUCArrayAdd` and `GUCArrayDelete`, guc.c (PG 14 to 18). Whether a value
//! suits its setting is the server's to say.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, VariableSetKind, VariableSetStmt, a_const};

use super::error::{Elaborated, Problem};
use super::run::Interpreter;
use crate::env::Major;

/// Settings whose names the server spells with capitals.
const CAPITALS: [(&str, &str); 3] =
    [("datestyle", "DateStyle"), ("intervalstyle", "IntervalStyle"), ("timezone", "TimeZone")];

/// Names that settings had once.
const OLD_NAMES: [(&str, &str); 2] = [("sort_mem", "work_mem"), ("vacuum_mem", "maintenance_work_mem")];

/// Lists whose items are names and are stored quoted (`GUC_LIST_QUOTE`).
const NAME_LISTS: [&str; 7] = [
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
    "oauth_validator_libraries",
];

/// Other lists (`GUC_LIST_INPUT`).
const LISTS: [&str; 10] = [
    "createrole_self_grant",
    "datestyle",
    "debug_io_direct",
    "listen_addresses",
    "log_connections",
    "log_destination",
    "restrict_nonsystem_relation_kind",
    "synchronized_standby_slots",
    "synchronous_standby_names",
    "wal_consistency_checking",
];

impl Interpreter<'_> {
    /// Carries out the `SET` and `RESET` clauses of a function on what is stored.
    pub(super) fn change_settings(&self, stored: &mut Vec<String>, clauses: &[&VariableSetStmt]) -> Elaborated<()> {
        for clause in clauses {
            if VariableSetKind::try_from(clause.kind) == Ok(VariableSetKind::VarResetAll) {
                stored.clear();
                continue;
            }
            let setting = self.setting_name(clause)?;
            let value = self.setting_value(clause, &setting)?;
            let place = stored
                .iter_mut()
                .find(|entry| entry.strip_prefix(setting.as_str()).is_some_and(|rest| rest.starts_with('=')));
            match (value, place) {
                (Some(value), Some(entry)) => *entry = format!("{setting}={value}"),
                (Some(value), None) => stored.push(format!("{setting}={value}")),
                (None, Some(_)) => stored
                    .retain(|entry| !entry.strip_prefix(setting.as_str()).is_some_and(|rest| rest.starts_with('='))),
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// The name as the server spells it.
    fn setting_name(&self, clause: &VariableSetStmt) -> Elaborated<String> {
        let lower = clause.name.to_ascii_lowercase();
        if let Some((_, spelled)) = CAPITALS.iter().find(|(known, _)| *known == lower) {
            return Ok((*spelled).to_owned());
        }
        if let Some((_, now)) = OLD_NAMES.iter().find(|(old, _)| *old == lower) {
            return Ok((*now).to_owned());
        }
        if lower == "ssl_ecdh_curve" && self.model.major() >= Major::V18 {
            return Ok("ssl_groups".to_owned());
        }
        // settings of extensions keep the spelling in which they are first seen, those of the server are in lower case
        if clause.name.contains('.') { Ok(clause.name.clone()) } else { Ok(lower) }
    }

    /// The value as it is stored; none for DEFAULT and RESET.
    fn setting_value(&self, clause: &VariableSetStmt, setting: &str) -> Elaborated<Option<String>> {
        let at = clause.location;
        match VariableSetKind::try_from(clause.kind) {
            Ok(VariableSetKind::VarSetValue) => {}
            Ok(VariableSetKind::VarSetDefault | VariableSetKind::VarReset) => return Ok(None),
            Ok(VariableSetKind::VarSetCurrent) => {
                return Err(Problem::unsupported(format!("SET {setting} FROM CURRENT"))
                    .hint("Write the value that the function is to have.")
                    .at(at));
            }
            _ => return Err(Problem::unsupported("this SET clause of a function").at(at)),
        }
        let lower = setting.to_ascii_lowercase();
        let names = NAME_LISTS.contains(&lower.as_str());
        if !names && !LISTS.contains(&lower.as_str()) && clause.args.len() != 1 {
            return Err(Problem::invalid("22023", format!("SET {setting} takes only one argument")).at(at));
        }
        let mut items = Vec::with_capacity(clause.args.len());
        for argument in &clause.args {
            items.push(self.setting_item(argument, names).map_err(|p| p.at(at))?);
        }
        Ok(Some(items.join(", ")))
    }

    fn setting_item(&self, argument: &Node, names: bool) -> Elaborated<String> {
        let constant = match &argument.node {
            Some(NodeEnum::AConst(constant)) => constant,
            _ => return Err(Problem::unsupported("SET TIME ZONE with an interval in a function")),
        };
        Ok(match &constant.val {
            Some(a_const::Val::Ival(value)) => value.ival.to_string(),
            Some(a_const::Val::Fval(value)) => value.fval.clone(),
            Some(a_const::Val::Sval(value)) if names => self.env().quote_ident(&value.sval),
            Some(a_const::Val::Sval(value)) => value.sval.clone(),
            Some(a_const::Val::Boolval(value)) => if value.boolval { "true" } else { "false" }.to_owned(),
            // an integer zero is left out of the encoded tree
            None if !constant.isnull => "0".to_owned(),
            _ => return Err(Problem::unsupported("this value in a SET clause of a function")),
        })
    }
}
