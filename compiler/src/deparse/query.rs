//! Whole queries: `SELECT` with its clauses, and the way to the other statements.
//!
//! Follows `get_query_def`, `get_select_query_def`, `get_basic_select_query` and `get_simple_values_rte`, ruleutils.c (PG 15, 18).

use std::rc::Rc;

use super::aggregate::SortKeys;
use super::{DeparseError, Implicit, Printed, Printer};
use crate::tree::{
    CommandType, Expr, GroupingSet, LimitOption, LockStrength, LockWait, Query, RowMark, RteKind, TargetEntry,
    ValuesRte, WindowClause,
};

/// What one query in the printing knows of itself and its surroundings.
#[derive(Clone, Default)]
pub(super) struct Context<'a> {
    /// Whether columns have their relation's name in front.
    pub(super) prefix: bool,
    /// Whether anybody asks what the columns of the result are called.
    pub(super) names_matter: bool,
    /// Whether a `GROUP BY` is printed.
    pub(super) in_group_by: bool,
    /// Whether a bare column of `ORDER BY` or its like is printed.
    pub(super) in_order_by: bool,
    /// The target list of the query.
    pub(super) targets: &'a [TargetEntry],
    /// Its windows.
    pub(super) windows: &'a [WindowClause],
    /// What the view over it calls its columns.
    pub(super) view: Option<Rc<Vec<&'a str>>>,
}

/// How a query stands to what is around it.
pub(super) struct Around<'a> {
    /// What the view over it calls its columns.
    pub(super) view: Option<Rc<Vec<&'a str>>>,
    /// Whether anybody asks what its columns are called.
    pub(super) names_matter: bool,
    /// Names that its relations must not have, because unprinted ones have them.
    pub(super) reserved: &'static [&'static str],
}

impl Around<'_> {
    /// A query of which the names of its columns are seen.
    pub(super) fn named() -> Self {
        Self { view: None, names_matter: true, reserved: &[] }
    }

    /// One of which they are not.
    pub(super) fn unnamed() -> Self {
        Self { view: None, names_matter: false, reserved: &[] }
    }
}

impl<'a> Printer<'a> {
    /// Prints a query inside what is printed so far.
    pub(super) fn query(&mut self, query: &'a Query, around: Around<'a>) -> Printed {
        let entries = query.rtable.len() + around.reserved.len();
        let context = Context {
            prefix: !self.namespaces.is_empty() || entries != 1,
            names_matter: around.names_matter,
            view: around.view.filter(|_| query.command == CommandType::Select),
            ..Context::default()
        };
        self.enter(query, around.reserved);
        let context = std::mem::replace(&mut self.context, context);
        let indent = self.indent;
        let printed = self.statement(query);
        self.indent = indent;
        self.context = context;
        self.leave();
        printed
    }

    fn statement(&mut self, query: &'a Query) -> Printed {
        match query.command {
            CommandType::Select => self.select(query),
            CommandType::Insert => self.insert(query),
            CommandType::Update => self.update(query),
            CommandType::Delete => self.delete(query),
            CommandType::Merge => self.merge(query),
            CommandType::Notify => self.notify(query),
            CommandType::Nothing => {
                self.push("NOTHING");
                Ok(())
            }
        }
    }

    fn select(&mut self, query: &'a Query) -> Printed {
        self.with_clause(query)?;
        self.context.targets = &query.target_list;
        self.context.windows = &query.windows;
        let keys = match &query.set_operations {
            Some(set) => {
                self.set_operation(set)?;
                SortKeys::Numbers
            }
            None => {
                self.basic_select(query)?;
                SortKeys::Expressions
            }
        };
        if !query.sort_clause.is_empty() {
            self.clause(" ORDER BY ", 1);
            self.order_by(&query.sort_clause, &query.target_list, keys)?;
        }
        self.limits(query)?;
        for mark in query.row_marks.iter().filter(|mark| !mark.pushed_down) {
            self.row_mark(mark)?;
        }
        Ok(())
    }

    fn limits(&mut self, query: &'a Query) -> Printed {
        if let Some(offset) = &query.limit_offset {
            self.clause(" OFFSET ", 0);
            self.expr(offset, Implicit::Hidden)?;
        }
        let Some(count) = &query.limit_count else { return Ok(()) };
        match query.limit_option {
            LimitOption::WithTies => {
                self.clause(" FETCH FIRST ", 0);
                self.push("(");
                self.expr(count, Implicit::Hidden)?;
                self.push(") ROWS WITH TIES");
                Ok(())
            }
            LimitOption::Count => {
                self.clause(" LIMIT ", 0);
                match count {
                    Expr::Const(literal) if literal.value.is_none() => {
                        self.push("ALL");
                        Ok(())
                    }
                    _ => self.expr(count, Implicit::Hidden),
                }
            }
        }
    }

    fn row_mark(&mut self, mark: &RowMark) -> Printed {
        self.clause(
            match mark.strength {
                LockStrength::KeyShare => " FOR KEY SHARE",
                LockStrength::Share => " FOR SHARE",
                LockStrength::NoKeyUpdate => " FOR NO KEY UPDATE",
                LockStrength::Update => " FOR UPDATE",
            },
            0,
        );
        let name = self.relation_alias(mark.rtindex)?;
        self.push(" OF ");
        self.push_ident(&name);
        self.push(match mark.wait {
            LockWait::Block => "",
            LockWait::Error => " NOWAIT",
            LockWait::Skip => " SKIP LOCKED",
        });
        Ok(())
    }

    /// The rows of a query that is `VALUES` and nothing else, under the names that `VALUES` gives its columns.
    fn simple_values(&self, query: &'a Query) -> Option<&'a ValuesRte> {
        let mut found: Option<(&'a ValuesRte, &'a [String])> = None;
        for entry in &query.rtable {
            match &entry.kind {
                RteKind::Values(values) if entry.in_from && found.is_none() => {
                    found = Some((values, &entry.eref.columns));
                }
                RteKind::Relation(_) | RteKind::NamedRelation(_) if !entry.in_from => {}
                _ => return None,
            }
        }
        let (values, names) = found?;
        let same = query.target_list.len() == names.len()
            && query
                .target_list
                .iter()
                .zip(names)
                .enumerate()
                .all(|(at, (target, name))| !target.junk && self.output_name(at, target) == Some(name));
        same.then_some(values)
    }

    /// `VALUES (…), (…)`
    pub(super) fn values(&mut self, rows: &'a [Vec<Expr>]) -> Printed {
        self.push("VALUES ");
        for (at, row) in rows.iter().enumerate() {
            self.push(if at > 0 { ", (" } else { "(" });
            for (at, value) in row.iter().enumerate() {
                if at > 0 {
                    self.push(",");
                }
                self.toplevel(value, Implicit::Hidden)?;
            }
            self.push(")");
        }
        Ok(())
    }

    fn basic_select(&mut self, query: &'a Query) -> Printed {
        self.open_clauses();
        if let Some(values) = self.simple_values(query) {
            return self.values(&values.rows);
        }
        self.push(if query.is_return { "RETURN" } else { "SELECT" });
        if query.has_distinct_on {
            self.push(" DISTINCT ON (");
            for (at, clause) in query.distinct_clause.iter().enumerate() {
                if at > 0 {
                    self.push(", ");
                }
                self.sort_group(clause.target, &query.target_list, SortKeys::Expressions)?;
            }
            self.push(")");
        } else if !query.distinct_clause.is_empty() {
            self.push(" DISTINCT");
        }
        self.target_list(&query.target_list)?;
        self.print_from(query, " FROM ")?;
        if let Some(quals) = &query.jointree.quals {
            self.clause(" WHERE ", 1);
            self.expr(quals, Implicit::Hidden)?;
        }
        if !query.group_clause.is_empty() || !query.grouping_sets.is_empty() {
            self.clause(" GROUP BY ", 1);
            if query.group_distinct {
                self.push("DISTINCT ");
            }
            let before = std::mem::replace(&mut self.context.in_group_by, true);
            self.group_by(query)?;
            self.context.in_group_by = before;
        }
        if let Some(having) = &query.having {
            self.clause(" HAVING ", 0);
            self.expr(having, Implicit::Hidden)?;
        }
        self.window_clause(query)
    }

    fn group_by(&mut self, query: &'a Query) -> Printed {
        if query.grouping_sets.is_empty() {
            for (at, clause) in query.group_clause.iter().enumerate() {
                if at > 0 {
                    self.push(", ");
                }
                self.sort_group(clause.target, &query.target_list, SortKeys::Expressions)?;
            }
            return Ok(());
        }
        self.grouping_sets(&query.grouping_sets, &query.target_list, true)
    }

    fn grouping_sets(&mut self, sets: &'a [GroupingSet], list: &'a [TargetEntry], omit_parens: bool) -> Printed {
        for (at, set) in sets.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.grouping_set(set, list, omit_parens)?;
        }
        Ok(())
    }

    fn grouping_set(&mut self, set: &'a GroupingSet, list: &'a [TargetEntry], omit_parens: bool) -> Printed {
        let (word, content, omit) = match set {
            GroupingSet::Empty => {
                self.push("()");
                return Ok(());
            }
            GroupingSet::Simple(refs) => {
                return self.parenthesised(!omit_parens || refs.len() != 1, |printer| {
                    for (at, target) in refs.iter().enumerate() {
                        if at > 0 {
                            printer.push(", ");
                        }
                        printer.sort_group(*target, list, SortKeys::Expressions)?;
                    }
                    Ok(())
                });
            }
            GroupingSet::Rollup(content) => ("ROLLUP(", content, true),
            GroupingSet::Cube(content) => ("CUBE(", content, true),
            GroupingSet::Sets(content) => ("GROUPING SETS (", content, false),
        };
        self.push(word);
        self.grouping_sets(content, list, omit)?;
        self.push(")");
        Ok(())
    }

    fn notify(&mut self, query: &'a Query) -> Printed {
        let (channel, payload) = query.notify.as_ref().ok_or(DeparseError::Malformed { node: "NOTIFY" })?;
        self.keyword("", 0, super::layout::INDENT_STD, 1);
        self.push("NOTIFY ");
        self.push_ident(channel);
        if let Some(payload) = payload {
            self.push(", ");
            self.quote_literal(payload);
        }
        Ok(())
    }
}
