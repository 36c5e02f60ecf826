//! `FROM`: relations, subqueries, joins, with their aliases.
//!
//! Follows `get_from_clause`, `get_from_clause_item`, `get_rte_alias` and `get_column_alias_list`, ruleutils.c (PG 18).
//! Functions in `FROM` are in `from_function`.

use super::columns::Columns;
use super::layout::{INDENT_JOIN, INDENT_STD};
use super::query::Around;
use super::{DeparseError, Implicit, Printed, Printer};
use crate::env::Oid;
use crate::tree::{FromItem, JoinExpr, JoinType, Query, RangeTblEntry, RteKind, TableSample};

impl<'a> Printer<'a> {
    /// Prints the items of `FROM`, after the word given (`USING` in a `DELETE`), nothing when there are none.
    pub(super) fn print_from(&mut self, query: &'a Query, word: &str) -> Printed {
        let mut first = true;
        for item in &query.jointree.items {
            // the table that is written and the rows of a rule are not among what was written here
            if let FromItem::Entry(varno) = item
                && !self.entry(*varno)?.in_from
            {
                continue;
            }
            if first {
                self.clause(word, 2);
                self.source(item)?;
                first = false;
            } else {
                self.push(", ");
                self.item(false, |printer| printer.source(item))?;
            }
        }
        Ok(())
    }

    fn source(&mut self, item: &'a FromItem) -> Printed {
        match item {
            FromItem::Entry(varno) => self.entry_source(*varno),
            FromItem::Join(join) => self.join(join),
        }
    }

    fn entry_source(&mut self, varno: u32) -> Printed {
        let entry = self.entry(varno)?;
        let columns = self.columns(varno)?;
        if entry.lateral {
            self.push("LATERAL ");
        }
        let mut definitions = None;
        match &entry.kind {
            RteKind::Relation(relation) | RteKind::NamedRelation(relation) => {
                self.only(relation.inherits);
                self.relation_name(relation.oid, true)?;
            }
            RteKind::Subquery(query) => {
                self.push("(");
                self.query(query, Around::named())?;
                self.push(")");
            }
            RteKind::Function(function) => definitions = self.function_source(function)?,
            RteKind::TableFunc(function) => self.table_func(function)?,
            RteKind::Values(values) => {
                self.push("(");
                self.values(&values.rows)?;
                self.push(")");
            }
            RteKind::Cte(cte) => self.push_ident(&cte.name),
            RteKind::Join(_) => return Err(DeparseError::Malformed { node: "FROM" }),
        }
        self.entry_alias(entry, varno, " ")?;
        match definitions {
            Some(definitions) => self.column_definitions(definitions, Some(&columns))?,
            None => self.column_aliases(&columns),
        }
        if let RteKind::Relation(relation) = &entry.kind
            && let Some(sample) = &relation.sample
        {
            self.table_sample(sample)?;
        }
        Ok(())
    }

    /// `ONLY `, where children do not count.
    pub(super) fn only(&mut self, inherits: bool) {
        self.push(if inherits { "" } else { "ONLY " });
    }

    /// Prints the name that a relation goes by, where it would not be its own.
    pub(super) fn entry_alias(&mut self, entry: &RangeTblEntry, varno: u32, before: &str) -> Printed {
        let name = self.relation_alias(varno)?;
        let needed = entry.alias.is_some()
            || self.columns(varno)?.print_aliases
            || match &entry.kind {
                RteKind::Relation(relation) => {
                    self.env.relation_by_oid(relation.oid).is_some_and(|row| *row.name.as_str() != *name)
                }
                RteKind::Function(_) | RteKind::Subquery(_) | RteKind::Values(_) => true,
                RteKind::Cte(cte) => *cte.name != *name,
                RteKind::Join(_) | RteKind::TableFunc(_) | RteKind::NamedRelation(_) => false,
            };
        if needed {
            self.push(before);
            self.push_ident(&name);
        }
        Ok(())
    }

    fn column_aliases(&mut self, columns: &Columns) {
        if columns.print_aliases && !columns.current.is_empty() {
            self.push("(");
            self.name_list(columns.current.iter().map(|column| &*column.name));
            self.push(")");
        }
    }

    fn table_sample(&mut self, sample: &'a TableSample) -> Printed {
        self.push(" TABLESAMPLE ");
        self.function_name(sample.handler, &[], &[Oid::INTERNAL], false)?;
        self.push(" (");
        self.list(&sample.args, Implicit::Hidden)?;
        self.push(")");
        if let Some(seed) = &sample.repeatable {
            self.push(" REPEATABLE (");
            self.expr(seed, Implicit::Hidden)?;
            self.push(")");
        }
        Ok(())
    }

    fn join(&mut self, join: &'a JoinExpr) -> Printed {
        self.push("(");
        self.source(&join.left)?;
        let word = match join.join_type {
            JoinType::Inner if join.quals.is_some() => " JOIN ",
            JoinType::Inner => " CROSS JOIN ",
            JoinType::Left => " LEFT JOIN ",
            JoinType::Full => " FULL JOIN ",
            JoinType::Right => " RIGHT JOIN ",
        };
        self.keyword(word, -INDENT_STD, INDENT_STD, INDENT_JOIN);
        self.source(&join.right)?;
        let columns = self.columns(join.rtindex)?;
        if join.using.as_ref().is_some_and(|using| !using.is_empty()) {
            // the names in use, not those that were written
            self.push(" USING (");
            self.name_list(columns.using.iter().map(|name| &**name));
            self.push(")");
            if let Some(alias) = &join.using_alias {
                self.push(" AS ");
                self.push_ident(alias);
            }
        } else if let Some(quals) = &join.quals {
            self.push(" ON (");
            self.expr(quals, Implicit::Hidden)?;
            self.push(")");
        } else if join.join_type != JoinType::Inner {
            self.push(" ON TRUE");
        }
        self.push(")");
        if join.alias.is_some() {
            let name = self.relation_alias(join.rtindex)?;
            self.push(" ");
            self.push_ident(&name);
            self.column_aliases(&columns);
        }
        Ok(())
    }
}
