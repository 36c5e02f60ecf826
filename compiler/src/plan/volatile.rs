//! What makes a new column rewrite its table: a default that differs from row to row, a domain that has to be checked.

use pgseal_catalog::facts::Payload;
use pgseal_catalog::{FactId, Name, QualifiedName};

use crate::analyze::{self, DefaultKind, Target};
use crate::elaborate::Model;
use crate::env::{SearchPath, TypeKind};

/// Whether a column's default calls a volatile function, so that every row gets a value of its own.
#[must_use]
pub fn default_is_volatile(model: &Model, table: &QualifiedName, column: &Name) -> bool {
    let Some(fact) = model.fact(&FactId::Default(table.clone(), column.clone())) else { return false };
    let Payload::Default(default) = &fact.payload else { return false };
    let env = model.env();
    let Some(row) = model.relation_row(table) else { return false };
    let Some(found) = row.column(column.as_str()) else { return false };
    let target = Target { name: column.as_str(), type_oid: found.type_oid, typmod: found.typmod };
    // what cannot be judged counts as volatile: a hazard too many harms nobody
    let Ok(raw) = analyze::parse_expr_text(default.expression.as_str()) else { return true };
    match analyze::cook_default(env, &SearchPath::empty(), Some(row), &raw, &target, DefaultKind::Plain) {
        Ok(expr) => analyze::contain_volatile_functions(env, &expr),
        Err(_) => true,
    }
}

/// Whether values of a type are checked because it is a domain with constraints, or over one.
#[must_use]
pub fn domain_is_checked(model: &Model, data_type: &str) -> bool {
    let env = model.env();
    let Ok((mut oid, _)) = env.parse_format_type(data_type) else { return false };
    while let Some(row) = env.type_by_oid(oid).filter(|row| row.kind == TypeKind::Domain) {
        if row.not_null {
            return true;
        }
        if let Some(FactId::Domain(name)) = model.fact_of(oid)
            && model.catalog().domain_constraints(name).next().is_some()
        {
            return true;
        }
        oid = row.base;
    }
    false
}
