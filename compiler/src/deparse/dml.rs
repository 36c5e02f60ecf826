//! `INSERT`, `UPDATE`, `DELETE` and `MERGE`.
//!
//! Follows `get_insert_query_def`, `get_update_query_def`, `get_update_query_targetlist_def`, `get_delete_query_def`,
//! `get_merge_query_def` and `processIndirection`, ruleutils.c (PG 15, 18).

use super::query::Around;
use super::{DeparseError, Implicit, Printed, Printer};
use crate::env::Oid;
use crate::tree::{
    CoercionForm, CommandType, Expr, InferenceElem, MergeAction, MergeMatch, OnConflict, OnConflictAction, Overriding,
    Query, RteKind, SubLink, SubLinkKind, TargetEntry, strip_implicit_coercions,
};

const MALFORMED: DeparseError = DeparseError::Malformed { node: "statement that writes" };

impl<'a> Printer<'a> {
    /// The table that is written.
    fn target_table(&self, query: &Query) -> Result<(Oid, bool), DeparseError> {
        match &self.entry(query.result_relation)?.kind {
            RteKind::Relation(relation) | RteKind::NamedRelation(relation) => Ok((relation.oid, relation.inherits)),
            _ => Err(MALFORMED),
        }
    }

    /// Starts a statement with its verb and the table that it writes.
    fn written_table(&mut self, query: &'a Query, verb: &str, before_alias: &str) -> Result<Oid, DeparseError> {
        self.with_clause(query)?;
        let (table, inherits) = self.target_table(query)?;
        self.open_clauses();
        self.push(verb);
        if query.command != CommandType::Insert {
            self.only(inherits);
        }
        self.relation_name(table, false)?;
        self.entry_alias(self.entry(query.result_relation)?, query.result_relation, before_alias)?;
        Ok(table)
    }

    fn column_name(&mut self, table: Oid, number: i16) -> Printed {
        let row = self.env.relation_by_oid(table).ok_or(DeparseError::Missing { kind: "relation", oid: table })?;
        let column = row.column_by_number(number).ok_or(MALFORMED)?;
        self.push_ident(&column.name);
        Ok(())
    }

    /// Prints the fields and elements of a column that are assigned to; gives what is assigned.
    fn indirection(&mut self, expr: &'a Expr) -> Result<&'a Expr, DeparseError> {
        let mut at = expr;
        let mut domain = None;
        loop {
            match at {
                Expr::FieldStore(store) => {
                    let (Some((number, name)), Some(value)) = (store.fields.first(), store.new_values.first()) else {
                        return Err(MALFORMED);
                    };
                    let row = self.env.relation_of_type(self.env.base_type(store.result_type));
                    let column = row.and_then(|row| row.column_by_number(*number));
                    let name = column.map_or(name.as_str(), |column| column.name.as_str());
                    self.push(".");
                    self.push_ident(name);
                    at = value;
                    domain = None;
                }
                Expr::SubscriptAssignment(assignment) => {
                    self.subscripts(&assignment.place.subscripts)?;
                    at = &assignment.value;
                    domain = None;
                }
                // what lies below may be a value, and then the cast belongs to it
                Expr::CoerceToDomain(cast) if cast.format == CoercionForm::ImplicitCast => {
                    domain = domain.or(Some(at));
                    at = &cast.arg;
                }
                _ => return Ok(domain.unwrap_or(at)),
            }
        }
    }

    /// Prints the columns that are filled; gives what fills them.
    fn inserted_columns(&mut self, table: Oid, list: &'a [TargetEntry]) -> Result<Vec<&'a Expr>, DeparseError> {
        let mut values = Vec::with_capacity(list.len());
        for (at, target) in list.iter().filter(|target| !target.junk).enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.column_name(table, target.resno)?;
            values.push(self.indirection(&target.expr)?);
        }
        Ok(values)
    }

    fn value_list(&mut self, values: Vec<&'a Expr>) -> Printed {
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.toplevel(value, Implicit::Hidden)?;
        }
        self.push(")");
        Ok(())
    }

    pub(super) fn insert(&mut self, query: &'a Query) -> Printed {
        let table = self.written_table(query, "INSERT INTO ", " AS ")?;
        self.push(" ");
        let mut values = Vec::new();
        if !query.target_list.is_empty() {
            self.push("(");
            values = self.inserted_columns(table, &query.target_list)?;
            self.push(") ");
        }
        self.push(match query.overriding {
            Overriding::NotSet => "",
            Overriding::SystemValue => "OVERRIDING SYSTEM VALUE ",
            Overriding::UserValue => "OVERRIDING USER VALUE ",
        });
        let source = query.rtable.iter().find_map(|entry| match &entry.kind {
            RteKind::Subquery(_) | RteKind::Values(_) => Some(&entry.kind),
            _ => None,
        });
        match source {
            Some(RteKind::Subquery(select)) => self.query(select, Around::unnamed())?,
            Some(RteKind::Values(rows)) => self.values(&rows.rows)?,
            _ if values.is_empty() => self.push("DEFAULT VALUES"),
            _ => {
                self.clause("VALUES (", 2);
                self.value_list(values)?;
            }
        }
        if let Some(conflict) = query.on_conflict.as_deref() {
            self.on_conflict(table, conflict)?;
        }
        self.returning(query)
    }

    fn on_conflict(&mut self, table: Oid, conflict: &'a OnConflict) -> Printed {
        self.push(" ON CONFLICT");
        if !conflict.elements.is_empty() {
            self.push("(");
            // the parser takes these names for columns of the table
            let prefix = std::mem::replace(&mut self.context.prefix, false);
            for (at, element) in conflict.elements.iter().enumerate() {
                if at > 0 {
                    self.push(", ");
                }
                self.inference_element(element)?;
            }
            self.push(")");
            if let Some(condition) = &conflict.arbiter_where {
                self.clause(" WHERE ", 1);
                self.expr(condition, Implicit::Hidden)?;
            }
            self.context.prefix = prefix;
        } else if let Some(constraint) = &conflict.constraint {
            self.push(" ON CONSTRAINT ");
            self.push_ident(constraint);
        }
        match &conflict.action {
            OnConflictAction::Nothing => self.push(" DO NOTHING"),
            OnConflictAction::Update(list, condition) => {
                self.push(" DO UPDATE SET ");
                self.assignments(table, list)?;
                if let Some(condition) = condition {
                    self.clause(" WHERE ", 1);
                    self.expr(condition, Implicit::Hidden)?;
                }
            }
        }
        Ok(())
    }

    fn inference_element(&mut self, element: &'a InferenceElem) -> Printed {
        let bare = match &element.expr {
            Expr::Var(_) => true,
            Expr::FuncExpr(call) => call.format == CoercionForm::ExplicitCall,
            _ => false,
        };
        self.parenthesised(!bare, |printer| printer.expr(&element.expr, Implicit::Hidden))?;
        if element.collation.is_valid() {
            self.collate(element.collation)?;
        }
        if element.opclass.is_valid() {
            self.opclass(element.opclass)?;
        }
        Ok(())
    }

    pub(super) fn update(&mut self, query: &'a Query) -> Printed {
        let table = self.written_table(query, "UPDATE ", " ")?;
        self.push(" SET ");
        self.assignments(table, &query.target_list)?;
        self.print_from(query, " FROM ")?;
        self.condition(query)?;
        self.returning(query)
    }

    fn condition(&mut self, query: &'a Query) -> Printed {
        if let Some(quals) = &query.jointree.quals {
            self.clause(" WHERE ", 1);
            self.expr(quals, Implicit::Hidden)?;
        }
        Ok(())
    }

    /// `column = value, (column, column) = (SELECT …)`
    fn assignments(&mut self, table: Oid, list: &'a [TargetEntry]) -> Printed {
        let mut sources = list.iter().filter(|target| target.junk).filter_map(|target| match &target.expr {
            Expr::SubLink(link) if matches!(link.kind, SubLinkKind::MultiExpr(_)) => Some((link, &target.expr)),
            _ => None,
        });
        let mut next: Option<(&'a SubLink, &'a Expr)> = sources.next();
        let mut open: Option<(&'a Expr, usize)> = None;
        for (at, target) in list.iter().filter(|target| !target.junk).enumerate() {
            if at > 0 {
                self.push(", ");
            }
            if open.is_none()
                && let Some((link, expr)) = next
                && is_multi_assignment(&target.expr)
            {
                let width = link.query.target_list.iter().filter(|output| !output.junk).count();
                open = Some((expr, width));
                next = sources.next();
                self.push("(");
            }
            self.column_name(table, target.resno)?;
            let mut value = self.indirection(&target.expr)?;
            if let Some((source, remaining)) = open {
                if remaining > 1 {
                    open = Some((source, remaining - 1));
                    continue;
                }
                self.push(")");
                value = source;
                open = None;
            }
            self.push(" = ");
            self.expr(value, Implicit::Hidden)?;
        }
        Ok(())
    }

    pub(super) fn delete(&mut self, query: &'a Query) -> Printed {
        self.written_table(query, "DELETE FROM ", " ")?;
        self.print_from(query, " USING ")?;
        self.condition(query)?;
        self.returning(query)
    }

    pub(super) fn merge(&mut self, query: &'a Query) -> Printed {
        let table = self.written_table(query, "MERGE INTO ", " ")?;
        self.print_from(query, " USING ")?;
        self.clause(" ON ", 2);
        if let Some(condition) = &query.merge_condition {
            self.expr(condition, Implicit::Hidden)?;
        }
        let by_source = query.merge_actions.iter().any(|action| action.matched == MergeMatch::NotMatchedBySource);
        for action in &query.merge_actions {
            self.clause(" WHEN ", 2);
            self.push(match (action.matched, by_source) {
                (MergeMatch::Matched, _) => "MATCHED",
                (MergeMatch::NotMatchedBySource, _) => "NOT MATCHED BY SOURCE",
                (MergeMatch::NotMatchedByTarget, true) => "NOT MATCHED BY TARGET",
                (MergeMatch::NotMatchedByTarget, false) => "NOT MATCHED",
            });
            if let Some(condition) = &action.condition {
                self.clause(" AND ", 3);
                self.expr(condition, Implicit::Hidden)?;
            }
            self.clause(" THEN ", 3);
            self.merge_action(table, action)?;
        }
        self.returning(query)
    }

    fn merge_action(&mut self, table: Oid, action: &'a MergeAction) -> Printed {
        match action.command {
            CommandType::Insert => {
                self.push("INSERT");
                let mut values = Vec::new();
                if !action.target_list.is_empty() {
                    self.push(" (");
                    values = self.inserted_columns(table, &action.target_list)?;
                    self.push(")");
                }
                self.push(match action.overriding {
                    Overriding::NotSet => "",
                    Overriding::SystemValue => " OVERRIDING SYSTEM VALUE",
                    Overriding::UserValue => " OVERRIDING USER VALUE",
                });
                if values.is_empty() {
                    self.push(" DEFAULT VALUES");
                    return Ok(());
                }
                self.clause(" VALUES (", 4);
                self.value_list(values)
            }
            CommandType::Update => {
                self.push("UPDATE SET ");
                self.assignments(table, &action.target_list)
            }
            CommandType::Delete => {
                self.push("DELETE");
                Ok(())
            }
            CommandType::Nothing => {
                self.push("DO NOTHING");
                Ok(())
            }
            CommandType::Select | CommandType::Merge | CommandType::Notify => Err(MALFORMED),
        }
    }
}

/// Whether a column is assigned from a subquery that gives several.
fn is_multi_assignment(expr: &Expr) -> bool {
    let mut at = expr;
    loop {
        at = match at {
            Expr::FieldStore(store) => match store.new_values.first() {
                Some(value) => value,
                None => return false,
            },
            Expr::SubscriptAssignment(assignment) => &assignment.value,
            Expr::CoerceToDomain(cast) if cast.format == CoercionForm::ImplicitCast => &cast.arg,
            _ => return matches!(strip_implicit_coercions(at), Expr::MultiAssignment(_)),
        };
    }
}
