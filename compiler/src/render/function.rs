//! Functions and procedures.

use pgseal_catalog::facts::{ArgumentMode, Body, Function, Parallel, RoutineKind, Volatility};
use pgseal_catalog::{FactId, Routine};

use super::{Draft, Renderer, Sql, literal};
use crate::elaborate::Part;

/// What `CREATE FUNCTION` assumes when nothing is said.
const DEFAULT_ROWS: &str = "1000";

impl Renderer<'_> {
    /// `CREATE FUNCTION` or `CREATE PROCEDURE`; with `replace`, `CREATE OR REPLACE`.
    #[must_use]
    pub fn create_function(&self, routine: &Routine, function: &Function, replace: bool) -> Sql {
        let procedure = function.kind == RoutineKind::Procedure;
        let id = if procedure { FactId::Procedure(routine.clone()) } else { FactId::Function(routine.clone()) };
        let mut draft = self.draft(format!(
            "CREATE {}{} {}(",
            if replace { "OR REPLACE " } else { "" },
            if procedure { "PROCEDURE" } else { "FUNCTION" },
            self.qualified(&routine.name)
        ));
        self.arguments(&mut draft, &id, function);
        draft.push(")");
        if !procedure {
            self.returns(&mut draft, function);
        }
        self.attributes(&mut draft, function);
        match &function.body {
            Body::Source(source) => draft.push(format!("\nAS {}", dollar_quoted(source))),
            Body::Library { object, symbol } => draft.push(format!("\nAS {}, {}", literal(object), literal(symbol))),
            Body::Sql(text) => draft.push("\n").expression(&id, Part::Body, text),
        };
        draft.done()
    }

    fn arguments(&self, draft: &mut Draft<'_>, id: &FactId, function: &Function) {
        let mut separator = "";
        for (n, argument) in (0_u16..).zip(&function.arguments) {
            let mode = match argument.mode {
                ArgumentMode::In => "",
                ArgumentMode::Out => "OUT ",
                ArgumentMode::InOut => "INOUT ",
                ArgumentMode::Variadic => "VARIADIC ",
                ArgumentMode::Table => continue,
            };
            draft.push(separator).push(mode);
            if let Some(name) = &argument.name {
                draft.push(self.name(name)).push(" ");
            }
            draft.push(&argument.data_type);
            if let Some(default) = &argument.default {
                draft.push(" DEFAULT ").expression(id, Part::ArgumentDefault(n), default);
            }
            separator = ", ";
        }
    }

    fn returns(&self, draft: &mut Draft<'_>, function: &Function) {
        let table: Vec<String> = function
            .arguments
            .iter()
            .filter(|argument| argument.mode == ArgumentMode::Table)
            .map(|argument| match &argument.name {
                Some(name) => format!("{} {}", self.name(name), argument.data_type),
                None => argument.data_type.clone(),
            })
            .collect();
        if !table.is_empty() {
            draft.push(format!("\nRETURNS TABLE({})", table.join(", ")));
        } else if let Some(returns) = &function.returns {
            draft.push(format!("\nRETURNS {}{returns}", if function.returns_set { "SETOF " } else { "" }));
        }
    }

    fn attributes(&self, draft: &mut Draft<'_>, function: &Function) {
        draft.push(format!("\nLANGUAGE {}", self.name(&function.language)));
        if !function.transforms.is_empty() {
            let types: Vec<String> = function.transforms.iter().map(|t| format!("FOR TYPE {t}")).collect();
            draft.push(format!("\nTRANSFORM {}", types.join(", ")));
        }
        if function.kind == RoutineKind::Window {
            draft.push(" WINDOW");
        }
        draft.push(match function.volatility {
            Volatility::Volatile => "",
            Volatility::Stable => " STABLE",
            Volatility::Immutable => " IMMUTABLE",
        });
        draft.push(if function.strict { " STRICT" } else { "" });
        draft.push(if function.security_definer { " SECURITY DEFINER" } else { "" });
        draft.push(if function.leakproof { " LEAKPROOF" } else { "" });
        draft.push(match function.parallel {
            Parallel::Unsafe => "",
            Parallel::Restricted => " PARALLEL RESTRICTED",
            Parallel::Safe => " PARALLEL SAFE",
        });
        let default_cost = if matches!(function.language.as_str(), "c" | "internal") { "1" } else { "100" };
        if function.cost != default_cost && function.kind != RoutineKind::Procedure {
            draft.push(format!(" COST {}", function.cost));
        }
        if let Some(rows) = function.rows.as_ref().filter(|rows| *rows != DEFAULT_ROWS) {
            draft.push(format!(" ROWS {rows}"));
        }
        if let Some(support) = &function.support {
            draft.push(format!(" SUPPORT {}", self.qualified(&support.name)));
        }
        for setting in &function.settings {
            draft.push(format!("\nSET {}", self.setting(setting)));
        }
    }

    /// `name TO value` of a stored `name=value`, as `pg_get_functiondef` and `pg_dump` write it: what is a list of names stays
    /// a list.
    pub(crate) fn setting(&self, stored: &str) -> String {
        let (name, value) = stored.split_once('=').unwrap_or((stored, ""));
        let name_sql = name.split('.').map(|part| self.env.quote_ident(part)).collect::<Vec<_>>().join(".");
        const LISTS: &[&str] = &[
            "datestyle",
            "search_path",
            "local_preload_libraries",
            "session_preload_libraries",
            "shared_preload_libraries",
            "temp_tablespaces",
            "unix_socket_directories",
            "log_destination",
            "debug_io_direct",
            "listen_addresses",
            "synchronous_standby_names",
            "createrole_self_grant",
        ];
        // stored lists are already quoted name by name
        let value_sql = if LISTS.contains(&name.to_ascii_lowercase().as_str()) {
            split_list(value).iter().map(|item| literal(item)).collect::<Vec<_>>().join(", ")
        } else {
            literal(value)
        };
        let value_sql = if value_sql.is_empty() { "''".to_owned() } else { value_sql };
        format!("{name_sql} TO {value_sql}")
    }
}

/// The names of a stored list, unquoted (`"$user", public`).
fn split_list(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
        match chars.next() {
            None => return items,
            Some('"') => {
                let mut item = String::new();
                while let Some(c) = chars.next() {
                    if c == '"' && chars.next_if_eq(&'"').is_none() {
                        break;
                    }
                    item.push(c);
                }
                items.push(item);
            }
            Some(first) => {
                let mut item = String::from(first);
                while let Some(c) = chars.next_if(|c| *c != ',') {
                    item.push(c);
                }
                items.push(item.trim_end().to_owned());
            }
        }
    }
}

/// A text between dollar quotes that it does not contain.
fn dollar_quoted(text: &str) -> String {
    let mut tag = String::new();
    let mut n = 0_u32;
    loop {
        let quote = format!("${tag}$");
        if !text.contains(&quote) && !(text.ends_with('$')) {
            return format!("{quote}{text}{quote}");
        }
        if text.ends_with('$') && !tag.is_empty() && !text.contains(&format!("${tag}")) {
            return format!("{quote}{text}{quote}");
        }
        n += 1;
        tag = format!("q{n}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollar_quotes_do_not_end_early() {
        for text in ["select 1", "a$$b", "$q1$ $$", "ends in $", "ends in $q1"] {
            let quoted = dollar_quoted(text);
            let tag_end = quoted[1..].find('$').map_or(0, |at| at + 2);
            let (quote, rest) = quoted.split_at(tag_end);
            assert_eq!(rest.find(quote), Some(rest.len() - quote.len()), "{quoted}");
            assert_eq!(&rest[..rest.len() - quote.len()], text);
        }
    }

    #[test]
    fn stored_lists_are_taken_apart() {
        assert_eq!(split_list("\"$user\", public,\"a\"\"b\""), ["$user", "public", "a\"b"]);
        assert!(split_list("").is_empty());
    }
}
