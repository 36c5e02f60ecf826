//! Storage options: `WITH (…)` of tables and indexes, and options of columns, as `reloptions` keeps them.
//!
//! Follows `transformRelOptions` and the tables of reloptions.c (PG 14 to 18) for the names; values are stored as written.

use std::collections::BTreeMap;

use pg_query::NodeEnum;
use pg_query::protobuf::{DefElem, Node, a_const};

use super::error::{Elaborated, Problem};
use super::names::name_parts;

/// What options are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OptionsOf {
    /// A plain table.
    Table,
    /// A partitioned table, which takes none.
    PartitionedTable,
    /// A column.
    Column,
    /// A view.
    View,
    /// An index of a built-in method.
    Index,
    /// An index of an extension's method, which alone knows its parameters.
    IndexOfExtension,
}

/// The options of every table (`heap_reloptions`).
const TABLE: [&str; 25] = [
    "fillfactor",
    "autovacuum_enabled",
    "autovacuum_vacuum_threshold",
    "autovacuum_vacuum_max_threshold",
    "autovacuum_vacuum_insert_threshold",
    "autovacuum_analyze_threshold",
    "autovacuum_vacuum_cost_limit",
    "autovacuum_freeze_min_age",
    "autovacuum_freeze_max_age",
    "autovacuum_freeze_table_age",
    "autovacuum_multixact_freeze_min_age",
    "autovacuum_multixact_freeze_max_age",
    "autovacuum_multixact_freeze_table_age",
    "log_autovacuum_min_duration",
    "toast_tuple_target",
    "autovacuum_vacuum_cost_delay",
    "autovacuum_vacuum_scale_factor",
    "autovacuum_vacuum_insert_scale_factor",
    "autovacuum_analyze_scale_factor",
    "user_catalog_table",
    "parallel_workers",
    "vacuum_index_cleanup",
    "vacuum_truncate",
    "vacuum_max_eager_freeze_failure_rate",
    "oids",
];

const VIEW: [&str; 3] = ["check_option", "security_barrier", "security_invoker"];

const COLUMN: [&str; 2] = ["n_distinct", "n_distinct_inherited"];

const INDEX: [&str; 7] = [
    "fillfactor",
    "deduplicate_items",
    "fastupdate",
    "gin_pending_list_limit",
    "pages_per_range",
    "autosummarize",
    "buffering",
];

/// The `DefElem`s of a list.
pub(super) fn definitions(nodes: &[Node]) -> impl Iterator<Item = &DefElem> {
    nodes.iter().filter_map(|node| match &node.node {
        Some(NodeEnum::DefElem(element)) => Some(element.as_ref()),
        _ => None,
    })
}

/// The value of an option as text (`defGetString`); none when it has none.
pub(super) fn value_of(element: &DefElem) -> Elaborated<Option<String>> {
    let Some(node) = element.arg.as_ref().and_then(|arg| arg.node.as_ref()) else { return Ok(None) };
    let text = match node {
        NodeEnum::Integer(value) => value.ival.to_string(),
        NodeEnum::Float(value) => value.fval.clone(),
        NodeEnum::Boolean(value) => value.boolval.to_string(),
        NodeEnum::String(value) => value.sval.clone(),
        NodeEnum::AConst(constant) => match &constant.val {
            Some(a_const::Val::Ival(value)) => value.ival.to_string(),
            Some(a_const::Val::Fval(value)) => value.fval.clone(),
            Some(a_const::Val::Boolval(value)) => value.boolval.to_string(),
            Some(a_const::Val::Sval(value)) => value.sval.clone(),
            _ => "0".to_owned(),
        },
        NodeEnum::TypeName(_) | NodeEnum::List(_) => {
            element.arg.as_deref().map(name_parts).unwrap_or_default().join(".")
        }
        NodeEnum::AStar(_) => "*".to_owned(),
        _ => return Err(Problem::unsupported(format!("this value of option \"{}\"", element.defname))),
    };
    Ok(Some(text))
}

/// Sets options as `WITH (…)` or `SET (…)` does.
pub(super) fn set_options(options: &mut BTreeMap<String, String>, nodes: &[Node], of: OptionsOf) -> Elaborated<()> {
    for element in definitions(nodes) {
        let key = key_of(element, of)?;
        if key == "oids" {
            let value = value_of(element)?.unwrap_or_else(|| "true".to_owned());
            if ["false", "off", "no", "0"].contains(&value.as_str()) {
                continue;
            }
            return Err(Problem::invalid("0A000", "tables declared WITH OIDS are not supported").at(element.location));
        }
        if of == OptionsOf::PartitionedTable {
            return Err(Problem::invalid("42809", "cannot specify storage parameters for a partitioned table")
                .hint("Specify storage parameters for its leaf partitions instead.")
                .at(element.location));
        }
        let value = value_of(element)?.unwrap_or_else(|| "true".to_owned());
        check_value(&element.defname, &value, of)?;
        options.insert(key, value);
    }
    Ok(())
}

/// Refuses a value that an option of tables or indexes cannot have; follows `parse_one_reloption`.
fn check_value(option: &str, value: &str, of: OptionsOf) -> Elaborated<()> {
    const BOOLEAN: [&str; 6] = [
        "autovacuum_enabled",
        "user_catalog_table",
        "vacuum_truncate",
        "deduplicate_items",
        "fastupdate",
        "autosummarize",
    ];
    if !matches!(of, OptionsOf::Table | OptionsOf::Index) {
        return Ok(());
    }
    let invalid =
        |kind: &str| Err(Problem::invalid("22023", format!("invalid value for {kind} option \"{option}\": {value}")));
    if BOOLEAN.contains(&option) {
        let lower = value.trim().to_ascii_lowercase();
        let words = ["true", "false", "yes", "no", "on", "off", "1", "0"];
        // a word may be cut short where that leaves no doubt
        let known = !lower.is_empty() && words.iter().any(|word| word.starts_with(&lower)) && lower != "o";
        return if known { Ok(()) } else { invalid("boolean") };
    }
    let bounds = match option {
        "fillfactor" => (10.0, 100.0),
        "parallel_workers" => (0.0, 1024.0),
        "toast_tuple_target" => (128.0, 8160.0),
        "pages_per_range" => (1.0, 131_072.0),
        _ => return Ok(()),
    };
    let Ok(number) = value.trim().parse::<f64>() else { return invalid("integer") };
    if !(bounds.0..=bounds.1).contains(&number) {
        return Err(Problem::invalid("22023", format!("value {value} out of bounds for option \"{option}\""))
            .detail(format!("Valid values are between \"{}\" and \"{}\".", bounds.0, bounds.1)));
    }
    Ok(())
}

/// Takes options away as `RESET (…)` does.
pub(super) fn reset_options(options: &mut BTreeMap<String, String>, nodes: &[Node], of: OptionsOf) -> Elaborated<()> {
    for element in definitions(nodes) {
        if element.arg.is_some() {
            return Err(Problem::invalid("42601", "RESET must not include values for parameters").at(element.location));
        }
        let key = key_of(element, of)?;
        options.remove(&key);
    }
    Ok(())
}

/// The key under which an option is kept; those of the toast table have a prefix.
fn key_of(element: &DefElem, of: OptionsOf) -> Elaborated<String> {
    let unknown = || {
        Err(Problem::invalid("22023", format!("unrecognized parameter \"{}\"", element.defname)).at(element.location))
    };
    let known: &[&str] = match of {
        OptionsOf::Table | OptionsOf::PartitionedTable => &TABLE,
        OptionsOf::Column => &COLUMN,
        OptionsOf::View => &VIEW,
        OptionsOf::Index | OptionsOf::IndexOfExtension => &INDEX,
    };
    match element.defnamespace.as_str() {
        "" if known.contains(&element.defname.as_str()) => Ok(element.defname.clone()),
        "" if of == OptionsOf::IndexOfExtension => Ok(element.defname.clone()),
        "toast" if of == OptionsOf::Table && known.contains(&element.defname.as_str()) => {
            Ok(format!("toast.{}", element.defname))
        }
        "" | "toast" => unknown(),
        other => {
            Err(Problem::invalid("22023", format!("unrecognized parameter namespace \"{other}\"")).at(element.location))
        }
    }
}
