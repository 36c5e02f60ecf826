//! The relations in scope and what their columns are called.
//!
//! Follows parse_relation.c (PG 18): names to columns and relations, through the queries around. What makes entries of the range
//! table is in `parse_rte`.

use super::error::{AnalyzeError, Analyzed, sqlstate};
use super::parse_expr_kind::ParseExprKind;
use super::parse_node::ParseState;
use crate::env::{Oid, RelationKind, RelationRow};
use crate::tree::{Expr, Location, RowExpr, Syntactic, Var, VarReturning};

/// A column that can be named: what a reference to it is, none for a dropped one.
#[derive(Debug, Clone)]
pub(super) struct NamespaceColumn {
    pub(super) name: String,
    pub(super) var: Option<Var>,
    /// Whether a star stands for it too.
    pub(super) in_star: bool,
}

/// What a reference to the whole row is.
#[derive(Debug, Clone)]
pub(super) enum WholeRow {
    /// A variable of this type.
    Var(Oid),
    /// The only column, because the function returns no row.
    Scalar,
    /// The columns one by one.
    Columns,
    /// Nothing: the relation has no row type, as sequences have none.
    Untyped,
}

/// A relation whose columns can be named.
#[derive(Debug, Clone)]
pub struct NamespaceItem {
    /// The relation, where a schema can qualify its name.
    pub(super) relation: Option<(Oid, String, String)>,
    /// Whether it has system columns.
    pub(super) system_columns: bool,
    /// Its position in the range table, from 1.
    pub(super) varno: u32,
    /// The name that it goes by.
    pub(super) refname: String,
    pub(super) columns: Vec<NamespaceColumn>,
    pub(super) whole: WholeRow,
    pub(super) relation_visible: bool,
    /// Whether its columns can be named without it.
    pub(super) columns_visible: bool,
    /// Whether only `LATERAL` sees it.
    pub(super) lateral_only: bool,
    /// Whether `LATERAL` may use it.
    pub(super) lateral_ok: bool,
    pub(super) returning: VarReturning,
}

impl NamespaceItem {
    /// A table under its own name.
    #[must_use]
    pub fn table(relation: &RelationRow) -> Self {
        Self::of_relation(relation, 1, None, &[])
    }

    /// `old` (1) and `new` (2) of a trigger.
    #[must_use]
    pub fn trigger_rows(relation: &RelationRow) -> [Self; 2] {
        [(1, "old"), (2, "new")].map(|(varno, name)| Self::of_relation(relation, varno, Some(name), &[]))
    }

    /// A relation under a name, its columns too.
    pub(super) fn of_relation(relation: &RelationRow, varno: u32, alias: Option<&str>, names: &[String]) -> Self {
        let mut columns: Vec<NamespaceColumn> = Vec::with_capacity(relation.columns.len());
        let mut names = names.iter();
        for column in &relation.columns {
            let at = usize::try_from(column.number).unwrap_or_default();
            while columns.len() + 1 < at {
                columns.push(NamespaceColumn { name: String::new(), var: None, in_star: false });
            }
            let name = names.next().cloned().unwrap_or_else(|| column.name.as_str().to_owned());
            let var = Var {
                varno,
                attno: column.number,
                name: name.clone(),
                ty: column.type_oid,
                typmod: column.typmod,
                collation: column.collation,
                levels_up: 0,
                returning: VarReturning::Default,
                syntactic: Syntactic::default(),
                location: Location::NONE,
            };
            columns.push(NamespaceColumn { name, var: Some(var), in_star: true });
        }
        let own = relation.name.as_str();
        Self {
            relation: alias.is_none().then(|| (relation.oid, relation.schema.as_str().to_owned(), own.to_owned())),
            system_columns: relation.kind != RelationKind::CompositeType,
            varno,
            refname: alias.unwrap_or(own).to_owned(),
            columns,
            whole: match relation.row_type.valid() {
                None if relation.kind == RelationKind::Sequence => WholeRow::Untyped,
                ty => WholeRow::Var(ty.unwrap_or(Oid::RECORD)),
            },
            relation_visible: true,
            columns_visible: true,
            lateral_only: false,
            lateral_ok: true,
            returning: VarReturning::Default,
        }
    }

    fn finish(&self, var: &Var, levels_up: u32) -> Expr {
        Expr::Var(Var { levels_up, returning: self.returning, ..var.clone() })
    }

    /// The row as a whole; follows `transformWholeRowRef`.
    ///
    /// # Errors
    ///
    /// That the relation has no row type.
    pub(super) fn whole_row(&self, levels_up: u32) -> Analyzed<Expr> {
        Ok(match &self.whole {
            WholeRow::Var(ty) => Expr::Var(Var {
                varno: self.varno,
                attno: 0,
                name: self.refname.clone(),
                ty: *ty,
                typmod: -1,
                collation: Oid::INVALID,
                levels_up,
                returning: self.returning,
                syntactic: Syntactic::default(),
                location: Location::NONE,
            }),
            WholeRow::Scalar | WholeRow::Columns => {
                let columns = self.named_columns(levels_up);
                let mut single = columns.iter().map(|(_, e)| e.clone());
                if let (WholeRow::Scalar, Some(only)) = (&self.whole, single.next()) {
                    return Ok(only);
                }
                Expr::RowExpr(RowExpr {
                    colnames: columns.iter().map(|(n, _)| n.clone()).collect(),
                    args: columns.into_iter().map(|(_, e)| e).collect(),
                    row_type: Oid::RECORD,
                    format: crate::tree::CoercionForm::ImplicitCast,
                    location: Location::NONE,
                })
            }
            WholeRow::Untyped => {
                let own = self.relation.as_ref().map_or(self.refname.as_str(), |(_, _, name)| name);
                return Err(AnalyzeError::rejected(
                    sqlstate::WRONG_OBJECT_TYPE,
                    format!("relation \"{own}\" does not have a composite type"),
                    -1,
                ));
            }
        })
    }

    /// Every column with its name, as `expandNSItemVars` gives them.
    pub(super) fn named_columns(&self, levels_up: u32) -> Vec<(String, Expr)> {
        let live = self.columns.iter().filter(|c| c.in_star).filter_map(|c| c.var.as_ref().map(|v| (c, v)));
        live.map(|(c, v)| (c.name.clone(), self.finish(v, levels_up))).collect()
    }

    /// Every column, as `expandNSItemVars` gives them.
    pub(super) fn all_columns(&self, levels_up: u32) -> Vec<Expr> {
        self.named_columns(levels_up).into_iter().map(|(_, e)| e).collect()
    }
}

fn ambiguous(name: &str, location: i32) -> AnalyzeError {
    AnalyzeError::rejected(sqlstate::AMBIGUOUS_COLUMN, format!("column reference \"{name}\" is ambiguous"), location)
}

/// The column of that name of one relation; follows `scanNSItemForColumn`.
pub(super) fn scan_item_for_column(
    ps: &ParseState<'_>,
    item: &NamespaceItem,
    levels_up: u32,
    name: &str,
    location: i32,
) -> Analyzed<Option<Expr>> {
    let mut found = item.columns.iter().filter(|c| c.name == name).filter_map(|c| c.var.as_ref());
    if let Some(var) = found.next() {
        return if found.next().is_some() {
            Err(ambiguous(name, location))
        } else {
            Ok(Some(item.finish(var, levels_up)))
        };
    }
    if !item.system_columns {
        return Ok(None);
    }
    let Some(column) = ps.env.system_column(name) else {
        return Ok(None);
    };
    const TABLE_OID: i16 = -6;
    if column.number != TABLE_OID {
        let message = match ps.kind {
            ParseExprKind::CheckConstraint => {
                Some(format!("system column \"{name}\" reference in check constraint is invalid"))
            }
            ParseExprKind::GeneratedColumn => {
                Some(format!("cannot use system column \"{name}\" in column generation expression"))
            }
            ParseExprKind::MergeWhen => Some(format!("cannot use system column \"{name}\" in MERGE WHEN condition")),
            _ => None,
        };
        if let Some(message) = message {
            return Err(AnalyzeError::rejected(sqlstate::INVALID_COLUMN_REFERENCE, message, location));
        }
    }
    Ok(Some(Expr::Var(Var {
        varno: item.varno,
        attno: column.number,
        name: column.name.as_str().to_owned(),
        ty: column.type_oid,
        typmod: column.typmod,
        collation: column.collation,
        levels_up,
        returning: item.returning,
        syntactic: Syntactic::default(),
        location: Location::NONE,
    })))
}

/// `check_lateral_ref_ok`.
fn check_lateral(ps: &ParseState<'_>, item: &NamespaceItem, up: usize, location: i32) -> Analyzed<()> {
    if item.lateral_only && !item.lateral_ok {
        let refname = &item.refname;
        let target = ps.level_up(up).and_then(|l| l.target.as_ref()).is_some_and(|t| t.varno == item.varno);
        let error = AnalyzeError::rejected(
            sqlstate::INVALID_COLUMN_REFERENCE,
            format!("invalid reference to FROM-clause entry for table \"{refname}\""),
            location,
        );
        return Err(if target {
            error.hint(format!(
                "There is an entry for table \"{refname}\", but it cannot be referenced from this part of the query."
            ))
        } else {
            error.detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
        });
    }
    Ok(())
}

/// The column that a bare name means; follows `colNameToVar`.
pub(super) fn column_by_name(ps: &ParseState<'_>, name: &str, location: i32) -> Analyzed<Option<Expr>> {
    for up in 0..=ps.outer.len() {
        let found = column_at(ps, name, up, location)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The column that a bare name means in the query at hand, or one that many steps further out.
pub(super) fn column_at(ps: &ParseState<'_>, name: &str, up: usize, location: i32) -> Analyzed<Option<Expr>> {
    let mut found = None;
    let lateral = ps.level_up(up).is_some_and(|level| level.lateral_active);
    for item in ps.namespace_up(up).unwrap_or_default() {
        if !item.columns_visible || (item.lateral_only && !lateral) {
            continue;
        }
        let levels_up = u32::try_from(up).unwrap_or_default();
        if let Some(var) = scan_item_for_column(ps, item, levels_up, name, location)? {
            if found.is_some() {
                return Err(ambiguous(name, location));
            }
            check_lateral(ps, item, up, location)?;
            found = Some(var);
        }
    }
    Ok(found)
}

/// The relation that a name means, and how many queries further out it is; follows `refnameNamespaceItem`.
pub(super) fn item_by_name<'s>(
    ps: &'s ParseState<'_>,
    schema: Option<&str>,
    name: &str,
    location: i32,
) -> Analyzed<Option<(&'s NamespaceItem, u32)>> {
    for up in 0..=ps.outer.len() {
        let lateral = ps.level_up(up).is_some_and(|level| level.lateral_active);
        let mut found: Option<&NamespaceItem> = None;
        for item in ps.namespace_up(up).unwrap_or_default() {
            if !item.relation_visible || (item.lateral_only && !lateral) {
                continue;
            }
            let same = match schema {
                None => item.refname == name,
                Some(schema) => item.relation.as_ref().is_some_and(|(_, s, n)| n == name && s == schema),
            };
            if !same {
                continue;
            }
            if found.is_some() {
                return Err(AnalyzeError::rejected(
                    sqlstate::AMBIGUOUS_ALIAS,
                    format!("table reference \"{name}\" is ambiguous"),
                    location,
                ));
            }
            check_lateral(ps, item, up, location)?;
            found = Some(item);
        }
        if let Some(item) = found {
            return Ok(Some((item, u32::try_from(up).unwrap_or_default())));
        }
    }
    Ok(None)
}

/// The relation whose row or column a variable is; follows `GetNSItemByRangeTablePosn`.
pub(super) fn item_of_var<'s>(ps: &'s ParseState<'_>, var: &Var) -> Option<&'s NamespaceItem> {
    let items = ps.namespace_up(usize::try_from(var.levels_up).ok()?)?;
    items.iter().find(|item| item.varno == var.varno && item.returning == var.returning)
}

/// `column … does not exist`; follows `errorMissingColumn`.
pub(super) fn missing_column(relation: Option<&str>, column: &str, location: i32) -> AnalyzeError {
    let message = match relation {
        Some(relation) => format!("column {relation}.{column} does not exist"),
        None => format!("column \"{column}\" does not exist"),
    };
    AnalyzeError::rejected(sqlstate::UNDEFINED_COLUMN, message, location)
}

/// `missing FROM-clause entry …`; follows `errorMissingRTE`.
pub(super) fn missing_relation(ps: &ParseState<'_>, relation: &str, location: i32) -> AnalyzeError {
    let levels = (0..=ps.outer.len()).filter_map(|up| ps.level_up(up));
    let known = levels.flat_map(|level| &level.rtable).any(|entry| entry.eref.name == relation);
    AnalyzeError::rejected(
        sqlstate::UNDEFINED_TABLE,
        if known {
            format!("invalid reference to FROM-clause entry for table \"{relation}\"")
        } else {
            format!("missing FROM-clause entry for table \"{relation}\"")
        },
        location,
    )
}

/// Two relations of one name; follows `checkNameSpaceConflicts`.
pub(super) fn check_conflicts(left: &[NamespaceItem], right: &[NamespaceItem]) -> Analyzed<()> {
    for a in left.iter().filter(|a| a.relation_visible) {
        for b in right.iter().filter(|b| b.relation_visible && b.refname == a.refname) {
            let both = a.relation.as_ref().zip(b.relation.as_ref());
            if both.is_some_and(|((x, _, _), (y, _, _))| x != y) {
                continue;
            }
            return Err(AnalyzeError::rejected(
                sqlstate::DUPLICATE_ALIAS,
                format!("table name \"{}\" specified more than once", a.refname),
                -1,
            ));
        }
    }
    Ok(())
}
