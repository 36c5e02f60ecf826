//! `WITH`.
//!
//! Follows parse_cte.c (PG 18). What is read off raw trees is in `parse_recursion`.

use pg_query::protobuf::{CommonTableExpr as RawCte, CteMaterialize as RawMaterialize, WithClause, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_collate::select_common_collation;
use super::parse_common::{coerce_to_common_type, common_typmod, select_common_type};
use super::parse_expr::transform_child;
use super::parse_expr_kind::ParseExprKind;
use super::parse_level::{CteEntry, Level};
use super::parse_merge::require_known;
use super::parse_node::{ParseState, missing, strings_of};
use super::parse_query::sub_analyze;
use super::parse_recursion::{check_well_formed, needs_of};
use super::parse_rte::{column, output_columns};
use crate::env::Oid;
use crate::tree::{
    ColumnDefinition, CommandType, CommonTableExpr, CteCycle, CteMaterialize, CteSearch, Query, expr_location,
};

fn syntax(message: String, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::SYNTAX_ERROR, message, location)
}

/// The queries of a `WITH`, put at hand for what follows.
pub(super) fn with_clause(ps: &mut ParseState<'_>, with: &WithClause) -> Analyzed<()> {
    let mut raws: Vec<&RawCte> = Vec::with_capacity(with.ctes.len());
    for item in &with.ctes {
        let Some(node::Node::CommonTableExpr(raw)) = &item.node else { return Err(missing("query")) };
        if raws.iter().any(|before| before.ctename == raw.ctename) {
            return Err(AnalyzeError::rejected(
                sqlstate::DUPLICATE_ALIAS,
                format!("WITH query name \"{}\" specified more than once", raw.ctename),
                raw.location,
            ));
        }
        raws.push(raw);
    }
    if with.recursive {
        let ordered = in_order(&raws)?;
        for (raw, recursive) in &ordered {
            ps.level.ctes.push(entry_of(raw, *recursive));
        }
        for (at, (raw, _)) in ordered.iter().enumerate() {
            analyze_cte(ps, raw, at)?;
        }
    } else {
        ps.level.future_ctes = raws.iter().map(|raw| raw.ctename.clone()).collect();
        for raw in raws {
            // it does not see itself: it is analysed before it is there
            let entry = entry_of(raw, false);
            let entry = analyze_entry(ps, raw, entry, None)?;
            ps.level.ctes.push(entry);
            ps.level.future_ctes.remove(0);
        }
    }
    Ok(())
}

fn entry_of(raw: &RawCte, recursive: bool) -> CteEntry {
    CteEntry {
        name: raw.ctename.clone(),
        cte: CommonTableExpr {
            name: raw.ctename.clone(),
            alias_columns: strings_of(&raw.aliascolnames).into_iter().map(str::to_owned).collect(),
            materialized: match RawMaterialize::try_from(raw.ctematerialized) {
                Ok(RawMaterialize::Always) => CteMaterialize::Always,
                Ok(RawMaterialize::Never) => CteMaterialize::Never,
                _ => CteMaterialize::Default,
            },
            query: Box::new(Query::new(CommandType::Nothing)),
            search: None,
            cycle: None,
            columns: Vec::new(),
            recursive,
        },
        analysed: false,
        returns: true,
        extra: Vec::new(),
    }
}

/// The queries in an order in which each comes after those it needs, and whether each needs itself; follows
/// `makeDependencyGraph` and `TopologicalSort`.
fn in_order<'r>(raws: &[&'r RawCte]) -> Analyzed<Vec<(&'r RawCte, bool)>> {
    let mut items: Vec<(&RawCte, Vec<String>)> = Vec::with_capacity(raws.len());
    for raw in raws {
        let needs = needs_of(raw, raws)?;
        items.push((raw, needs));
    }
    let recursive: Vec<bool> = items.iter().map(|(raw, needs)| needs.contains(&raw.ctename)).collect();
    let mut items: Vec<_> = items.into_iter().zip(recursive).collect();
    for at in 0..items.len() {
        let pending: Vec<String> = items.iter().skip(at).map(|((raw, _), _)| raw.ctename.clone()).collect();
        let free = (at..items.len()).find(|i| {
            items
                .get(*i)
                .is_some_and(|((raw, needs), _)| needs.iter().all(|n| *n == raw.ctename || !pending.contains(n)))
        });
        let Some(free) = free else {
            return Err(AnalyzeError::rejected(
                sqlstate::FEATURE_NOT_SUPPORTED,
                "mutual recursion between WITH items is not implemented",
                items.get(at).map_or(-1, |((raw, _), _)| raw.location),
            ));
        };
        items.swap(at, free);
    }
    let ordered: Vec<(&RawCte, bool)> = items.into_iter().map(|((raw, _), recursive)| (raw, recursive)).collect();
    for (raw, _) in ordered.iter().filter(|(_, recursive)| *recursive) {
        check_well_formed(raw)?;
    }
    Ok(ordered)
}

fn analyze_cte(ps: &mut ParseState<'_>, raw: &RawCte, at: usize) -> Analyzed<()> {
    let Some(entry) = ps.level.ctes.get(at).cloned() else { return Err(missing("query")) };
    let mut entry = analyze_entry(ps, raw, entry, Some(at))?;
    if let Some(slot) = ps.level.ctes.get_mut(at) {
        if entry.cte.recursive {
            entry.cte.columns.clone_from(&slot.cte.columns);
        }
        *slot = entry;
    }
    Ok(())
}

fn analyze_entry(ps: &mut ParseState<'_>, raw: &RawCte, mut entry: CteEntry, at: Option<usize>) -> Analyzed<CteEntry> {
    if let Some(search) = &raw.search_clause {
        entry.cte.search = Some(CteSearch {
            columns: strings_of(&search.search_col_list).into_iter().map(str::to_owned).collect(),
            breadth_first: search.search_breadth_first,
            sequence_column: search.search_seq_column.clone(),
        });
        let ty = if search.search_breadth_first { Oid::RECORD } else { Oid::RECORDARRAY };
        entry.extra.push(column(search.search_seq_column.clone(), ty, -1, Oid::INVALID));
    }
    if let Some(cycle) = raw.cycle_clause.as_deref() {
        let value =
            ps.of_kind(ParseExprKind::CycleMark, |ps| transform_child(ps, cycle.cycle_mark_value.as_deref()))?;
        let default =
            ps.of_kind(ParseExprKind::CycleMark, |ps| transform_child(ps, cycle.cycle_mark_default.as_deref()))?;
        let pair = [value, default];
        let ty = select_common_type(ps, &pair, "CYCLE", &[cycle.location, cycle.location])?;
        let [value, default] = pair;
        let mut value = coerce_to_common_type(ps, value, ty, "CYCLE/SET/TO", cycle.location)?;
        let mut default = coerce_to_common_type(ps, default, ty, "CYCLE/SET/DEFAULT", cycle.location)?;
        let typmod = common_typmod([&value, &default].into_iter(), ty);
        let collation = select_common_collation(ps.env, [&mut value, &mut default], true)?;
        entry.extra.push(column(cycle.cycle_mark_column.clone(), ty, typmod, collation));
        entry.extra.push(column(cycle.cycle_path_column.clone(), Oid::RECORDARRAY, -1, Oid::INVALID));
        entry.cte.cycle = Some(CteCycle {
            columns: strings_of(&cycle.cycle_col_list).into_iter().map(str::to_owned).collect(),
            mark_column: cycle.cycle_mark_column.clone(),
            mark_value: value,
            mark_default: default,
            path_column: cycle.cycle_path_column.clone(),
        });
    }
    if let (Some(at), false) = (at, entry.extra.is_empty())
        && let Some(slot) = ps.level.ctes.get_mut(at)
    {
        slot.extra.clone_from(&entry.extra);
    }
    let select = raw.ctequery.as_deref().ok_or_else(|| missing("query"))?;
    if let Some(node::Node::MergeStmt(merge)) = &select.node
        && (15..17).contains(&ps.major())
    {
        // what those servers' grammar does not know is refused there
        require_known(ps, merge)?;
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "MERGE not supported in WITH query",
            raw.location,
        ));
    }
    let level = Level { resolve_unknowns: true, parent_cte: at.filter(|_| entry.cte.recursive), ..Level::default() };
    let query = sub_analyze(ps, select, level)?;
    if query.command != CommandType::Select && !ps.outer.is_empty() {
        return Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "WITH clause containing a data-modifying statement must be at the top level",
            raw.location,
        ));
    }
    let outputs = output_columns(&query);
    entry.returns = query.command == CommandType::Select || !query.returning.is_empty();
    if entry.cte.recursive {
        let known = at.and_then(|at| ps.level.ctes.get(at)).map(|slot| slot.cte.columns.clone()).unwrap_or_default();
        check_recursive(ps, &entry.name, &known, &outputs, &query, raw.location)?;
        check_extra(raw, &known)?;
    } else {
        entry.cte.columns = named(&entry, outputs, raw.location)?;
    }
    if (entry.cte.search.is_some() || entry.cte.cycle.is_some()) && !entry.cte.recursive {
        return Err(syntax("WITH query is not recursive".to_owned(), raw.location));
    }
    entry.cte.query = Box::new(query);
    entry.analysed = true;
    Ok(entry)
}

/// The columns of a query under the names that the user gave.
fn named(entry: &CteEntry, mut columns: Vec<ColumnDefinition>, location: i32) -> Analyzed<Vec<ColumnDefinition>> {
    let names = &entry.cte.alias_columns;
    if names.len() > columns.len() {
        return Err(AnalyzeError::rejected(
            sqlstate::INVALID_COLUMN_REFERENCE,
            format!(
                "WITH query \"{}\" has {} columns available but {} columns specified",
                entry.name,
                columns.len(),
                names.len()
            ),
            location,
        ));
    }
    for (c, name) in columns.iter_mut().zip(names) {
        c.name.clone_from(name);
    }
    Ok(columns)
}

/// Notes the columns that the left side of a recursive query has, for its right side; follows `determineRecursiveColTypes`.
pub(super) fn set_recursive_columns(ps: &mut ParseState<'_>, columns: Vec<ColumnDefinition>) -> Analyzed<()> {
    let Some(at) = ps.level.parent_cte else { return Ok(()) };
    let Some(entry) = ps.outer.last_mut().and_then(|outer| outer.level.ctes.get_mut(at)) else { return Ok(()) };
    if !entry.cte.recursive {
        return Ok(());
    }
    let columns = columns
        .into_iter()
        .map(|c| {
            if c.ty == Oid::UNKNOWN {
                column(c.name, Oid::TEXT, -1, c.collation.valid().unwrap_or(Oid::DEFAULT_COLLATION))
            } else {
                c
            }
        })
        .collect();
    entry.cte.columns = named(entry, columns, -1)?;
    Ok(())
}

fn check_recursive(
    ps: &ParseState<'_>,
    name: &str,
    known: &[ColumnDefinition],
    outputs: &[ColumnDefinition],
    query: &Query,
    location: i32,
) -> Analyzed<()> {
    if known.len() != outputs.len() {
        return Err(AnalyzeError::rejected(
            sqlstate::INVALID_RECURSION,
            format!("recursive query \"{name}\" does not have the form non-recursive-term UNION [ALL] recursive-term"),
            location,
        ));
    }
    for (at, (first, overall)) in known.iter().zip(outputs).enumerate() {
        let place = query.target_list.iter().filter(|t| !t.junk).nth(at).map_or(-1, |t| expr_location(&t.expr));
        if first.ty != overall.ty || first.typmod != overall.typmod {
            let shown = |c: &ColumnDefinition| ps.env.format_type_under(ps.path, c.ty, Some(c.typmod));
            return Err(AnalyzeError::rejected(
                sqlstate::DATATYPE_MISMATCH,
                format!(
                    "recursive query \"{name}\" column {} has type {} in non-recursive term but type {} overall",
                    at + 1,
                    shown(first),
                    shown(overall)
                ),
                place,
            )
            .hint("Cast the output of the non-recursive term to the correct type."));
        }
        if first.collation != overall.collation {
            let shown = |c: Oid| ps.env.collation_by_oid(c).map_or_else(String::new, |r| r.name.as_str().to_owned());
            return Err(AnalyzeError::rejected(
                sqlstate::COLLATION_MISMATCH,
                format!(
                    "recursive query \"{name}\" column {} has collation \"{}\" in non-recursive term but collation \
                     \"{}\" overall",
                    at + 1,
                    shown(first.collation),
                    shown(overall.collation)
                ),
                place,
            )
            .hint("Use the COLLATE clause to set the collation of the non-recursive term."));
        }
    }
    Ok(())
}

/// The names in `SEARCH` and `CYCLE`, of a recursive query with these columns.
fn check_extra(raw: &RawCte, columns: &[ColumnDefinition]) -> Analyzed<()> {
    let known = |name: &str| columns.iter().any(|c| c.name == name);
    let listed = |what: &str, names: &[&str], location: i32| {
        for (at, name) in names.iter().enumerate() {
            if !known(name) {
                return Err(syntax(format!("{what} column \"{name}\" not in WITH query column list"), location));
            }
            if names.iter().take(at).any(|before| before == name) {
                let message = format!("{what} column \"{name}\" specified more than once");
                return Err(AnalyzeError::rejected(sqlstate::DUPLICATE_COLUMN, message, location));
            }
        }
        Ok(())
    };
    let free = |what: &str, name: &str, location: i32| {
        if known(name) {
            return Err(syntax(format!("{what} name \"{name}\" already used in WITH query column list"), location));
        }
        Ok(())
    };
    let different = |first: (&str, &str), second: (&str, &str), location: i32| {
        if first.1 == second.1 {
            return Err(syntax(format!("{} name and {} name are the same", first.0, second.0), location));
        }
        Ok(())
    };
    let sequence =
        raw.search_clause.as_ref().map(|search| ("search sequence column", search.search_seq_column.as_str()));
    if let (Some(search), Some((what, name))) = (&raw.search_clause, sequence) {
        listed("search", &strings_of(&search.search_col_list), search.location)?;
        free(what, name, search.location)?;
    }
    if let Some(cycle) = raw.cycle_clause.as_deref() {
        let mark = ("cycle mark column", cycle.cycle_mark_column.as_str());
        let path = ("cycle path column", cycle.cycle_path_column.as_str());
        listed("cycle", &strings_of(&cycle.cycle_col_list), cycle.location)?;
        free(mark.0, mark.1, cycle.location)?;
        free(path.0, path.1, cycle.location)?;
        different(mark, path, cycle.location)?;
        if let (Some(search), Some(sequence)) = (&raw.search_clause, sequence) {
            different(sequence, mark, search.location)?;
            different(sequence, path, search.location)?;
        }
    }
    Ok(())
}

/// The query of a `WITH` that a bare name means, with how many queries further out it is; follows `scanNameSpaceForCTE`.
pub(super) fn find_cte(ps: &ParseState<'_>, name: &str) -> Option<(CteEntry, u32)> {
    (0..=ps.outer.len()).find_map(|up| {
        let entry = ps.level_up(up)?.ctes.iter().find(|cte| cte.name == name)?;
        Some((without_query(entry), u32::try_from(up).ok()?))
    })
}

/// What can be seen of an entry from where it is used.
fn without_query(entry: &CteEntry) -> CteEntry {
    CteEntry {
        name: entry.name.clone(),
        cte: CommonTableExpr {
            name: entry.cte.name.clone(),
            alias_columns: entry.cte.alias_columns.clone(),
            materialized: entry.cte.materialized,
            query: Box::new(Query::new(CommandType::Nothing)),
            search: None,
            cycle: None,
            columns: entry.cte.columns.clone(),
            recursive: entry.cte.recursive,
        },
        analysed: entry.analysed,
        returns: entry.returns,
        extra: entry.extra.clone(),
    }
}
