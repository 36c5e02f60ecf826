//! What is written into columns: the targets of `INSERT` and `UPDATE`, their fields and elements.
//!
//! Follows `transformAssignedExpr`, `transformAssignmentIndirection` and `checkInsertTargets`, parse_target.c,
//! `transformInsertRow` and `transformUpdateTargetList`, analyze.c, and `transformMultiAssignRef`, parse_expr.c (PG 18).

use pg_query::protobuf::{AIndices, MultiAssignRef, Node, SubLinkType, node};

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_coerce::{Coercion, coerce_to_domain, coerce_to_target_type, no_cast, place_or};
use super::parse_expr::transform_expr;
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::{ParseState, missing, raw_location, string_of};
use super::parse_query::{expression_list, transform_or_default};
use super::parse_sublink::{outputs, transform_sublink};
use super::parse_subscript::subscripted;
use super::parse_target::res_target;
use crate::env::{ColumnRow, Oid, RelationRow};
use crate::tree::{
    CaseTestExpr, Const, Expr, FieldStore, Location, MultiAssignment, SubLink, SubLinkKind, SubscriptAssignment,
    Syntactic, TargetEntry, Var, VarReturning, expr_collation, expr_location, expr_type, expr_typmod,
};

/// Which statement assigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Assigner {
    Insert,
    /// `UPDATE` of the relation at that position.
    Update(u32),
}

/// A column that an `INSERT` fills.
#[derive(Debug)]
pub(super) struct InsertColumn<'r> {
    pub(super) column: &'r ColumnRow,
    indirection: &'r [Node],
    location: i32,
}

/// The part of a column that is assigned to.
struct Place<'n> {
    name: &'n str,
    subscripted: bool,
    ty: Oid,
    typmod: i32,
    collation: Oid,
    location: i32,
}

fn unknown_column(relation: &RelationRow, name: &str, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(
        sqlstate::UNDEFINED_COLUMN,
        format!("column \"{name}\" of relation \"{}\" does not exist", relation.name.as_str()),
        location,
    )
}

/// The columns that an `INSERT` fills; follows `checkInsertTargets`.
pub(super) fn insert_columns<'r>(relation: &'r RelationRow, raw: &'r [Node]) -> Analyzed<Vec<InsertColumn<'r>>> {
    if raw.is_empty() {
        let all = relation.columns.iter().map(|column| InsertColumn { column, indirection: &[], location: -1 });
        return Ok(all.collect());
    }
    let mut found: Vec<InsertColumn<'r>> = Vec::with_capacity(raw.len());
    for item in raw {
        let target = res_target(item)?;
        let column = relation.columns.iter().find(|c| c.name.as_str() == target.name);
        let column = column.ok_or_else(|| unknown_column(relation, &target.name, target.location))?;
        let whole = target.indirection.is_empty();
        let clashes = |before: &InsertColumn<'_>| {
            before.column.number == column.number && (whole || before.indirection.is_empty())
        };
        if found.iter().any(clashes) {
            return Err(AnalyzeError::rejected(
                sqlstate::DUPLICATE_COLUMN,
                format!("column \"{}\" specified more than once", target.name),
                target.location,
            ));
        }
        found.push(InsertColumn { column, indirection: &target.indirection, location: target.location });
    }
    Ok(found)
}

/// Brings a row to the columns that it fills; follows `transformInsertRow`. With `strip`, what assigns to fields and elements is
/// taken off again.
pub(super) fn insert_row(
    ps: &mut ParseState<'_>,
    values: Vec<Expr>,
    listed: bool,
    columns: &[InsertColumn<'_>],
    strip: bool,
) -> Analyzed<Vec<Expr>> {
    if values.len() > columns.len() {
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            "INSERT has more expressions than target columns",
            values.get(columns.len()).map_or(-1, expr_location),
        ));
    }
    if listed && values.len() < columns.len() {
        let location = columns.get(values.len()).map_or(-1, |c| c.location);
        return Err(AnalyzeError::rejected(
            sqlstate::SYNTAX_ERROR,
            "INSERT has more target columns than expressions",
            location,
        ));
    }
    let mut row = Vec::with_capacity(values.len());
    for (value, target) in values.into_iter().zip(columns) {
        let assigned = assigned_expr(ps, value, Assigner::Insert, target.column, target.indirection, target.location)?;
        row.push(if strip { stripped(assigned) } else { assigned });
    }
    Ok(row)
}

/// The value below assignments to fields and elements.
fn stripped(expr: Expr) -> Expr {
    let mut at = expr;
    loop {
        let mut below = &at;
        while let Expr::CoerceToDomain(cast) = below {
            below = &cast.arg;
        }
        at = match below {
            Expr::FieldStore(store) => match store.new_values.first() {
                Some(value) => value.clone(),
                None => return at,
            },
            Expr::SubscriptAssignment(assignment) => (*assignment.value).clone(),
            _ => return at,
        };
    }
}

/// The target list of an `INSERT`.
pub(super) fn insert_targets(values: Vec<Expr>, columns: &[InsertColumn<'_>]) -> Vec<TargetEntry> {
    let pairs = values.into_iter().zip(columns);
    let made = pairs.map(|(expr, target)| written(expr, target.column.number, Some(target.column.name.as_str())));
    made.collect()
}

fn written(expr: Expr, resno: i16, name: Option<&str>) -> TargetEntry {
    TargetEntry { expr, resno, name: name.map(str::to_owned), sort_group_ref: 0, junk: name.is_none(), origin: None }
}

/// What several columns are assigned from at once.
enum Source {
    Query(SubLink),
    /// The fields of a row, those that are still to be assigned.
    Row(std::vec::IntoIter<Expr>),
}

/// `SET …`; follows `transformUpdateTargetList`.
pub(super) fn update_targets(
    ps: &mut ParseState<'_>,
    relation: &RelationRow,
    varno: u32,
    raw: &[Node],
) -> Analyzed<Vec<TargetEntry>> {
    let mut sources: Vec<Source> = Vec::new();
    let mut values = Vec::with_capacity(raw.len());
    for item in raw {
        let value = res_target(item)?.val.as_deref().ok_or_else(|| missing("value"))?;
        let expr = ps.of_kind(ParseExprKind::UpdateSource, |ps| match &value.node {
            Some(node::Node::MultiAssignRef(part)) => multi_assignment(ps, part, &mut sources),
            _ => transform_or_default(ps, value, true),
        })?;
        values.push(expr);
    }
    let mut list = Vec::with_capacity(raw.len());
    for (item, expr) in raw.iter().zip(values) {
        let target = res_target(item)?;
        let Some(column) = relation.columns.iter().find(|c| c.name.as_str() == target.name) else {
            if ps.env.system_column(&target.name).is_some() {
                return Err(AnalyzeError::rejected(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    format!("cannot assign to system column \"{}\"", target.name),
                    target.location,
                ));
            }
            return Err(unknown_column(relation, &target.name, target.location));
        };
        let how = Assigner::Update(varno);
        let expr = assigned_expr(ps, expr, how, column, &target.indirection, target.location)?;
        list.push(written(expr, column.number, Some(column.name.as_str())));
    }
    let mut next = relation.columns.last().map_or(0, |column| column.number);
    for source in sources {
        if let Source::Query(link) = source {
            next = next.saturating_add(1);
            list.push(written(Expr::SubLink(link), next, None));
        }
    }
    Ok(list)
}

/// A column of `(a, b) = …`.
fn multi_assignment(ps: &mut ParseState<'_>, part: &MultiAssignRef, sources: &mut Vec<Source>) -> Analyzed<Expr> {
    let width = usize::try_from(part.ncolumns).unwrap_or_default();
    if part.colno == 1 {
        let raw = part.source.as_deref().ok_or_else(|| missing("source"))?;
        let wrong = |location: i32| {
            AnalyzeError::rejected(
                sqlstate::SYNTAX_ERROR,
                "number of columns does not match number of values",
                location,
            )
        };
        match &raw.node {
            Some(node::Node::SubLink(link)) if link.sub_link_type == SubLinkType::ExprSublink as i32 => {
                let mut link = (**link).clone();
                link.sub_link_type = SubLinkType::MultiexprSublink as i32;
                let Expr::SubLink(mut made) = transform_sublink(ps, &link)? else { return Err(missing("subquery")) };
                if outputs(&made.query).count() != width {
                    return Err(wrong(link.location));
                }
                made.kind = SubLinkKind::MultiExpr(i32::try_from(sources.len() + 1).unwrap_or(i32::MAX));
                sources.push(Source::Query(made));
            }
            Some(node::Node::RowExpr(row)) => {
                let fields = expression_list(ps, &row.args, ParseExprKind::UpdateSource, true)?;
                if fields.len() != width {
                    return Err(wrong(row.location));
                }
                sources.push(Source::Row(fields.into_iter()));
            }
            _ => {
                return Err(AnalyzeError::rejected(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression",
                    raw_location(raw),
                ));
            }
        }
    }
    match sources.last_mut() {
        Some(Source::Query(link)) => {
            let SubLinkKind::MultiExpr(sublink) = link.kind else { return Err(missing("subquery")) };
            let at =
                usize::try_from(part.colno).ok().and_then(|n| n.checked_sub(1)).ok_or_else(|| missing("column"))?;
            let output = outputs(&link.query).nth(at).ok_or_else(|| missing("column"))?;
            Ok(Expr::MultiAssignment(MultiAssignment {
                sublink,
                column: part.colno,
                location: Location::at(expr_location(&output.expr)),
                ty: expr_type(&output.expr),
                typmod: expr_typmod(&output.expr),
                collation: expr_collation(&output.expr),
            }))
        }
        Some(Source::Row(fields)) => {
            let field = fields.next().ok_or_else(|| missing("field"))?;
            if part.colno == part.ncolumns {
                sources.pop();
            }
            Ok(field)
        }
        None => Err(missing("source")),
    }
}

/// `transformAssignedExpr`.
fn assigned_expr(
    ps: &mut ParseState<'_>,
    mut value: Expr,
    how: Assigner,
    column: &ColumnRow,
    indirection: &[Node],
    location: i32,
) -> Analyzed<Expr> {
    let (ty, typmod, collation) = (column.type_oid, column.typmod, column.collation);
    if let Expr::SetToDefault(default) = &mut value {
        (default.ty, default.typmod, default.collation) = (ty, typmod, collation);
        if let Some(first) = indirection.first() {
            let part =
                if matches!(first.node, Some(node::Node::AIndices(_))) { "an array element" } else { "a subfield" };
            return Err(AnalyzeError::rejected(
                sqlstate::FEATURE_NOT_SUPPORTED,
                format!("cannot set {part} to DEFAULT"),
                location,
            ));
        }
    }
    if indirection.is_empty() {
        let source = expr_type(&value);
        let location = place_or(&value, location);
        let coerced = coerce_to_target_type(ps, value, ty, typmod, Coercion::assignment(-1))?;
        return coerced.ok_or_else(|| {
            AnalyzeError::rejected(
                sqlstate::DATATYPE_MISMATCH,
                format!(
                    "column \"{}\" is of type {} but expression is of type {}",
                    column.name.as_str(),
                    ps.shown(ty),
                    ps.shown(source)
                ),
                location,
            )
            .hint("You will need to rewrite or cast the expression.")
        });
    }
    let (kind, base) = match how {
        Assigner::Insert => (
            ParseExprKind::InsertTarget,
            Expr::Const(Const { ty, typmod, collation, value: None, location: Location::NONE }),
        ),
        Assigner::Update(varno) => {
            let var = Var {
                varno,
                attno: column.number,
                name: column.name.as_str().to_owned(),
                ty,
                typmod,
                collation,
                levels_up: 0,
                returning: VarReturning::Default,
                syntactic: Syntactic::default(),
                location: Location::NONE,
            };
            (ParseExprKind::UpdateTarget, Expr::Var(var))
        }
    };
    let place = Place { name: column.name.as_str(), subscripted: false, ty, typmod, collation, location };
    ps.of_kind(kind, |ps| assign(ps, Some(base), &place, indirection, value))
}

/// `transformAssignmentIndirection`.
fn assign(
    ps: &mut ParseState<'_>,
    base: Option<Expr>,
    place: &Place<'_>,
    indirection: &[Node],
    value: Expr,
) -> Analyzed<Expr> {
    let Some(first) = indirection.first() else { return assign_whole(ps, place, value) };
    let base = base.unwrap_or(Expr::CaseTestExpr(CaseTestExpr {
        ty: place.ty,
        typmod: place.typmod,
        collation: place.collation,
    }));
    match &first.node {
        Some(node::Node::AIndices(_)) => assign_elements(ps, base, place, indirection, value),
        Some(node::Node::AStar(_)) => Err(AnalyzeError::rejected(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "row expansion via \"*\" is not supported here",
            place.location,
        )),
        _ => {
            let name = string_of(first).ok_or_else(|| missing("field"))?;
            assign_field(ps, base, place, name, indirection.get(1..).unwrap_or_default(), value)
        }
    }
}

fn assign_whole(ps: &ParseState<'_>, place: &Place<'_>, value: Expr) -> Analyzed<Expr> {
    let source = expr_type(&value);
    let location = place_or(&value, place.location);
    let coerced = coerce_to_target_type(ps, value, place.ty, place.typmod, Coercion::assignment(-1))?;
    coerced.ok_or_else(|| {
        let (ty, source) = (ps.shown(place.ty), ps.shown(source));
        let message = if place.subscripted {
            format!(
                "subscripted assignment to \"{}\" requires type {ty} but expression is of type {source}",
                place.name
            )
        } else {
            format!("subfield \"{}\" is of type {ty} but expression is of type {source}", place.name)
        };
        AnalyzeError::rejected(sqlstate::DATATYPE_MISMATCH, message, location)
            .hint("You will need to rewrite or cast the expression.")
    })
}

fn assign_field(
    ps: &mut ParseState<'_>,
    base: Expr,
    place: &Place<'_>,
    name: &str,
    rest: &[Node],
    value: Expr,
) -> Analyzed<Expr> {
    let (row_type, row_typmod) = ps.env.base_type_and_typmod(place.ty, place.typmod);
    let refuse = |sqlstate: &'static str, why: String| {
        AnalyzeError::rejected(
            sqlstate,
            format!("cannot assign to field \"{name}\" of column \"{}\" because {why}", place.name),
            place.location,
        )
    };
    let Some(relation) = ps.env.relation_of_type(row_type) else {
        let shown = ps.shown(place.ty);
        return Err(refuse(sqlstate::DATATYPE_MISMATCH, format!("its type {shown} is not a composite type")));
    };
    let Some(column) = relation.columns.iter().find(|c| c.name.as_str() == name) else {
        if ps.env.system_column(name).is_some() {
            return Err(AnalyzeError::rejected(
                sqlstate::UNDEFINED_COLUMN,
                format!("cannot assign to system column \"{name}\""),
                place.location,
            ));
        }
        let shown = ps.shown(place.ty);
        return Err(refuse(sqlstate::UNDEFINED_COLUMN, format!("there is no such column in data type {shown}")));
    };
    let field = (column.number, name.to_owned());
    let inner = Place {
        name,
        subscripted: false,
        ty: column.type_oid,
        typmod: column.typmod,
        collation: column.collation,
        location: place.location,
    };
    let value = assign(ps, None, &inner, rest, value)?;
    let store = Expr::FieldStore(FieldStore {
        arg: Box::new(base),
        new_values: vec![value],
        fields: vec![field],
        result_type: row_type,
    });
    coerce_to_domain(ps, store, row_type, row_typmod, place.ty, Coercion::implicit())
}

/// `transformAssignmentSubscripts`.
fn assign_elements(
    ps: &mut ParseState<'_>,
    base: Expr,
    place: &Place<'_>,
    indirection: &[Node],
    value: Expr,
) -> Analyzed<Expr> {
    let indices: Vec<&AIndices> = indirection
        .iter()
        .map_while(|step| match &step.node {
            Some(node::Node::AIndices(indices)) => Some(&**indices),
            _ => None,
        })
        .collect();
    let rest = indirection.get(indices.len()..).unwrap_or_default();
    let Expr::SubscriptingRef(fetched) = subscripted(ps, base, &indices, place.location)? else {
        return Err(missing("subscripts"));
    };
    let container = fetched.container_type;
    let collation = if container == place.ty { place.collation } else { ps.env.type_collation(container) };
    let inner = Place {
        name: place.name,
        subscripted: true,
        ty: fetched.result_type,
        typmod: fetched.typmod,
        collation,
        location: place.location,
    };
    let value = assign(ps, None, &inner, rest, value)?;
    let assignment =
        Expr::SubscriptAssignment(Box::new(SubscriptAssignment { place: fetched, value: Box::new(value) }));
    if container == place.ty {
        return Ok(assignment);
    }
    coerce_to_target_type(ps, assignment, place.ty, place.typmod, Coercion::assignment(-1))?
        .ok_or_else(|| no_cast(ps, container, place.ty, place.location))
}

/// An expression of `ON CONFLICT (…)`, of the relation that is written.
pub(super) fn conflict_expression(ps: &mut ParseState<'_>, raw: &Node) -> Analyzed<Expr> {
    ps.of_kind(ParseExprKind::IndexExpression, |ps| transform_expr(ps, raw))
}
