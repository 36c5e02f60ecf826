//! The objects that an expression or a query depends on.
//!
//! Follows `find_expr_references_walker`, dependency.c (PG 18). Pinned (built-in) objects are
//! listed as well: the caller leaves out what it need not order by.

use std::collections::BTreeSet;

use super::literal;
use crate::env::{Env, Oid, SearchPath};
use crate::tree::{
    CommandType, Const, Expr, OnConflictAction, Query, RangeTblEntry, RteKind, SetOperand, SortGroupClause, TableFunc,
    Var, expr_type,
};

/// What an expression uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Columns of the relations in scope: position in the range table (1 for a table, 1 `old` and 2
    /// `new` of a trigger) and attribute number; 0 for the whole row.
    pub columns: BTreeSet<(u32, i16)>,
    /// Fields of composite types: the type's relation and the attribute number.
    pub fields: BTreeSet<(Oid, i16)>,
    /// Types.
    pub types: BTreeSet<Oid>,
    /// Functions.
    pub procs: BTreeSet<Oid>,
    /// Operators.
    pub operators: BTreeSet<Oid>,
    /// Collations, the default one left out.
    pub collations: BTreeSet<Oid>,
    /// Operator families.
    pub opfamilies: BTreeSet<Oid>,
    /// Relations that `regclass` constants name, and those of queries.
    pub relations: BTreeSet<Oid>,
    /// Columns of the relations of queries, by attribute number.
    pub relation_columns: BTreeSet<(Oid, i16)>,
    /// Constraints, by relation and name: those that make a `GROUP BY` complete, or that `ON CONFLICT` names.
    pub constraints: BTreeSet<(Oid, String)>,
    /// Operator classes that `ON CONFLICT` names.
    pub opclasses: BTreeSet<Oid>,
}

impl Dependencies {
    fn collation(&mut self, collation: Oid) {
        if collation.is_valid() && collation != Oid::DEFAULT_COLLATION {
            self.collations.insert(collation);
        }
    }
}

/// The objects that an expression uses.
#[must_use]
pub fn dependencies(env: &Env, expr: &Expr) -> Dependencies {
    let mut found = Dependencies::default();
    walk(env, expr, Vec::new(), &mut found);
    found
}

/// The objects that a query uses.
#[must_use]
pub fn query_dependencies(env: &Env, query: &Query) -> Dependencies {
    let mut found = Dependencies::default();
    walk_queries(env, vec![(query, Vec::new())], &mut found);
    found
}

fn walk<'q>(env: &Env, expr: &'q Expr, around: Vec<&'q Query>, d: &mut Dependencies) {
    let mut waiting = Vec::new();
    walk_expr(env, expr, &around, &mut waiting, d);
    walk_queries(env, waiting, d);
}

/// Notes what an expression uses; the queries in it are left for later, with those around them, outermost first.
fn walk_expr<'q>(
    env: &Env,
    expr: &'q Expr,
    around: &[&'q Query],
    waiting: &mut Vec<(&'q Query, Vec<&'q Query>)>,
    d: &mut Dependencies,
) {
    expr.visit(&mut |e| {
        note(env, e, around, d);
        if let Expr::SubLink(link) = e {
            waiting.push((&link.query, around.to_vec()));
        }
    });
}

fn walk_queries<'q>(env: &Env, mut waiting: Vec<(&'q Query, Vec<&'q Query>)>, d: &mut Dependencies) {
    while let Some((query, mut around)) = waiting.pop() {
        around.push(query);
        for expr in query.expressions() {
            walk_expr(env, expr, &around, &mut waiting, d);
        }
        for entry in &query.rtable {
            note_entry(entry, d);
            if let RteKind::Join(join) = &entry.kind {
                for merged in join.alias_vars.iter().take(join.merged_columns).flatten() {
                    if !matches!(merged, Expr::Var(_)) {
                        walk_expr(env, merged, &around, &mut waiting, d);
                    }
                }
            }
        }
        note_query(env, query, d);
        for cycle in query.ctes.iter().filter_map(|cte| cte.cycle.as_ref()) {
            walk_expr(env, &cycle.mark_value, &around, &mut waiting, d);
            walk_expr(env, &cycle.mark_default, &around, &mut waiting, d);
        }
        waiting.extend(query.subqueries().into_iter().map(|inner| (inner, around.clone())));
    }
}

fn note_sort(clauses: &[SortGroupClause], d: &mut Dependencies) {
    for clause in clauses {
        d.operators.extend(clause.eq_op.valid());
        d.operators.extend(clause.sort_op.valid());
    }
}

/// What a query uses beside its expressions and its range table.
fn note_query(env: &Env, query: &Query, d: &mut Dependencies) {
    for clauses in [&query.group_clause, &query.distinct_clause, &query.sort_clause] {
        note_sort(clauses, d);
    }
    for window in &query.windows {
        note_sort(&window.partition, d);
        note_sort(&window.order, d);
    }
    let mut sets = vec![];
    sets.extend(query.set_operations.as_deref());
    while let Some(set) = sets.pop() {
        note_sort(&set.group_clauses, d);
        for side in [&set.left, &set.right] {
            if let SetOperand::Nested(inner) = side {
                sets.push(inner);
            }
        }
    }
    d.constraints.extend(query.constraint_deps.iter().cloned());
    let target = usize::try_from(query.result_relation).ok().and_then(|n| query.rtable.get(n.checked_sub(1)?));
    let Some(RangeTblEntry { kind: RteKind::Relation(relation), .. }) = target else {
        return;
    };
    if matches!(query.command, CommandType::Insert | CommandType::Update) {
        let written = query.target_list.iter().filter(|t| !t.junk && t.resno > 0);
        d.relation_columns.extend(written.map(|t| (relation.oid, t.resno)));
    }
    if let Some(conflict) = &query.on_conflict {
        // `excluded` has every column of the relation
        if matches!(conflict.action, OnConflictAction::Update(..)) {
            let row = env.relation_by_oid(relation.oid);
            let columns = row.into_iter().flat_map(|row| row.columns.iter().map(|column| column.number));
            d.relation_columns.extend(columns.map(|number| (relation.oid, number)));
        }
        d.constraints.extend(conflict.constraint.iter().map(|name| (relation.oid, name.clone())));
        for element in &conflict.elements {
            d.opclasses.extend(element.opclass.valid());
            d.collation(element.collation);
        }
    }
}

fn note_entry(entry: &RangeTblEntry, d: &mut Dependencies) {
    match &entry.kind {
        RteKind::Relation(relation) | RteKind::NamedRelation(relation) => {
            d.relations.insert(relation.oid);
            d.procs.extend(relation.sample.iter().map(|sample| sample.handler));
        }
        RteKind::Function(function) => {
            for definition in function.functions.iter().flat_map(|f| &f.definitions) {
                d.types.insert(definition.ty);
                d.collation(definition.collation);
            }
        }
        RteKind::TableFunc(function) => match &**function {
            TableFunc::Xml(xml) => {
                for column in &xml.columns {
                    d.types.insert(column.definition.ty);
                    d.collation(column.definition.collation);
                }
            }
            // the types of a JSON_TABLE come with the expressions that make its columns
            TableFunc::Json(_) => {}
        },
        RteKind::Subquery(_) | RteKind::Join(_) | RteKind::Values(_) | RteKind::Cte(_) => {}
    }
}

/// A column, of a relation in one of the queries around it or of the scope outside.
fn note_var(env: &Env, var: &Var, around: &[&Query], d: &mut Dependencies) {
    let up = usize::try_from(var.levels_up).unwrap_or(usize::MAX);
    let Some(query) = around.len().checked_sub(up.saturating_add(1)).and_then(|at| around.get(at)) else {
        if up == around.len() {
            d.columns.insert((var.varno, var.attno));
        }
        return;
    };
    let entry = usize::try_from(var.varno).ok().and_then(|n| query.rtable.get(n.checked_sub(1)?));
    match entry.map(|e| &e.kind) {
        Some(RteKind::Relation(relation)) if var.attno != 0 => {
            d.relation_columns.insert((relation.oid, var.attno));
        }
        Some(RteKind::Function(function)) if var.attno > 0 => {
            // a column of a composite result is a field of that type
            let mut before = 0;
            for f in &function.functions {
                let at = usize::try_from(var.attno).unwrap_or_default();
                if at > before && at <= before + f.column_count && f.definitions.is_empty() {
                    let base = env.base_type(expr_type(&f.expr));
                    if let (Some(relation), Ok(number)) = (env.relation_of_type(base), i16::try_from(at - before)) {
                        d.fields.insert((relation.oid, number));
                    }
                }
                before += f.column_count;
            }
        }
        _ => {}
    }
}

fn note(env: &Env, expr: &Expr, around: &[&Query], d: &mut Dependencies) {
    match expr {
        Expr::Var(v) => note_var(env, v, around, d),
        Expr::Aggref(a) => {
            d.procs.insert(a.funcid);
            note_sort(&a.order, d);
            note_sort(&a.distinct, d);
        }
        Expr::WindowFunc(w) => {
            d.procs.insert(w.funcid);
        }
        Expr::FieldStore(f) => match env.relation_of_type(env.base_type(f.result_type)) {
            Some(relation) => d.fields.extend(f.fields.iter().map(|(number, _)| (relation.oid, *number))),
            None => {
                d.types.insert(f.result_type);
            }
        },
        Expr::SubscriptAssignment(s) => {
            d.types.insert(s.place.container_type);
        }
        Expr::Const(c) => note_const(env, c, d),
        Expr::Param(p) => {
            d.types.insert(p.ty);
            d.collation(p.collation);
        }
        Expr::FuncExpr(f) => {
            d.procs.insert(f.funcid);
        }
        Expr::OpExpr(o) | Expr::DistinctExpr(o) | Expr::NullIfExpr(o) => {
            d.operators.insert(o.opno);
        }
        Expr::ScalarArrayOpExpr(o) => {
            d.operators.insert(o.opno);
        }
        Expr::SubscriptingRef(s) => {
            if s.result_type != s.container_type && s.result_type != s.element_type {
                d.types.insert(s.result_type);
            }
        }
        Expr::FieldSelect(f) => {
            let base = env.base_type(expr_type(&f.arg));
            match env.relation_of_type(base) {
                Some(relation) => {
                    d.fields.insert((relation.oid, f.fieldnum));
                }
                None => {
                    d.types.insert(f.result_type);
                }
            }
            d.collation(f.collation);
        }
        Expr::RelabelType(r) => {
            d.types.insert(r.result_type);
            d.collation(r.collation);
        }
        Expr::CoerceViaIO(c) => {
            d.types.insert(c.result_type);
            d.collation(c.collation);
        }
        Expr::ArrayCoerceExpr(a) => {
            d.types.insert(a.result_type);
            d.collation(a.collation);
        }
        Expr::ConvertRowtypeExpr(c) => {
            d.types.insert(c.result_type);
        }
        Expr::CollateExpr(c) => d.collation(c.collation),
        Expr::RowExpr(r) => {
            d.types.insert(r.row_type);
        }
        Expr::RowCompareExpr(r) => {
            d.operators.extend(r.opnos.iter().copied());
            d.opfamilies.extend(r.opfamilies.iter().copied());
        }
        Expr::CoerceToDomain(c) => {
            d.types.insert(c.result_type);
        }
        Expr::JsonConstructorExpr(j) => {
            d.types.insert(j.returning.ty);
        }
        Expr::JsonExpr(j) => {
            d.types.insert(j.returning.ty);
        }
        // the array's and its elements' types come with what is in them; kept so that an array of
        // a user's type is ordered after the type even when it is empty
        Expr::ArrayExpr(a) => {
            d.types.insert(a.array_type);
        }
        Expr::NamedArgExpr(_)
        | Expr::BoolExpr(_)
        | Expr::CaseExpr(_)
        | Expr::CaseTestExpr(_)
        | Expr::CoalesceExpr(_)
        | Expr::MinMaxExpr(_)
        | Expr::SqlValueFunction(_)
        | Expr::XmlExpr(_)
        | Expr::JsonValueExpr(_)
        | Expr::JsonIsPredicate(_)
        | Expr::NullTest(_)
        | Expr::BooleanTest(_)
        | Expr::GroupingFunc(_)
        | Expr::SubLink(_)
        | Expr::SubLinkOutput(_)
        | Expr::MultiAssignment(_)
        | Expr::SetToDefault(_)
        | Expr::MergeSupportFunc
        | Expr::CoerceToDomainValue(_) => {}
    }
}

fn note_const(env: &Env, c: &Const, d: &mut Dependencies) {
    d.types.insert(c.ty);
    d.collation(c.collation);
    let Some(text) = &c.value else { return };
    let path = SearchPath::empty();
    match c.ty {
        Oid::REGCLASS => {
            if let Some((schema, name)) = literal::names_of(text) {
                d.relations.extend(env.lookup_relation(&path, schema.as_deref(), &name).map(|r| r.oid));
            }
        }
        Oid::REGTYPE => {
            if let Ok((oid, _)) = env.parse_format_type(text) {
                d.types.insert(oid);
            }
        }
        Oid::REGPROC | Oid::REGPROCEDURE => {
            let bare = text.split('(').next().unwrap_or(text);
            let types = text.strip_suffix(')').and_then(|t| t.split_once('(')).map(|(_, args)| args);
            let Some((schema, name)) = literal::names_of(bare) else { return };
            let found = env.procs_named(&name).filter(|p| {
                schema.as_ref().map_or(path.position(&p.schema).is_some(), |s| p.schema == *s.as_str())
                    && types.is_none_or(|t| {
                        let shown: Vec<String> = p.args.iter().map(|a| env.format_type(*a, -1)).collect();
                        shown.join(",") == t
                    })
            });
            d.procs.extend(found.map(|p| p.oid));
        }
        _ => {}
    }
}
