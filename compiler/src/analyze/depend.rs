//! The objects that an expression depends on.
//!
//! Follows `find_expr_references_walker`, dependency.c (PG 18). Pinned (built-in) objects are
//! listed as well: the caller leaves out what it need not order by.

use std::collections::BTreeSet;

use super::literal;
use crate::env::{Env, Oid, SearchPath};
use crate::tree::{Const, Expr, expr_type};

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
    /// Relations that `regclass` constants name.
    pub relations: BTreeSet<Oid>,
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
    expr.visit(&mut |e| note(env, e, &mut found));
    found
}

fn note(env: &Env, expr: &Expr, d: &mut Dependencies) {
    match expr {
        Expr::Var(v) => {
            d.columns.insert((v.varno, v.attno));
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
