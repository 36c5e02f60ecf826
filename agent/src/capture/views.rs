//! Views and materialized views.

use pgseal_catalog::facts::{Expression, MaterializedView, MaterializedViewColumn, Payload, View, ViewColumn};
use pgseal_catalog::{Fact, FactId};

use super::address::{ByNumbers, class};
use super::build::Build;
use super::error::CaptureError;
use super::relations::{self, ClassRow, USER_RELATIONS};
use super::session::Session;

/// What `pg_get_viewdef` prints, by view.
pub(super) fn read_views(s: &mut Session<'_>) -> Result<ByNumbers<u32, String>, CaptureError> {
    let sql = format!(
        "SELECT c.oid, pg_get_viewdef(c.oid) FROM pg_class c WHERE c.relkind IN ('v', 'm') AND {USER_RELATIONS}"
    );
    let rows = s.rows("views", &sql, |c| Ok((c.next::<u32>()?, c.next::<Option<String>>()?)))?;
    Ok(rows.into_iter().filter_map(|(oid, text)| Some((oid, text?))).collect())
}

/// Adds the facts of views and materialized views.
pub(super) fn add_views(b: &mut Build<'_>) -> Result<(), CaptureError> {
    for row in b.raw.classes.iter().filter(|row| matches!(row.kind, 'v' | 'm')) {
        if b.is_member(class::CLASS, row.oid) {
            continue;
        }
        let name = b.names.qualified(row.schema, &row.name)?;
        let id = match row.kind {
            'v' => FactId::View(name),
            _ => FactId::MaterializedView(name),
        };
        if !b.scope.holds(&id) {
            continue;
        }
        let concurrent = || CaptureError::Concurrent { what: id.in_words() };
        let text = b.raw.views.get(&row.oid).ok_or_else(concurrent)?;
        let query = Expression(text.strip_suffix(';').unwrap_or(text).to_owned());
        if row.kind == 'm' {
            let view = materialized(b, row, query)?;
            let fact = b.nodes.add_at(class::CLASS, row.oid, Fact::new(id, Payload::MaterializedView(view)));
            b.add_row_type(row.row_type, fact);
            continue;
        }
        let mut columns = Vec::new();
        for attribute in b.attributes(row.oid) {
            let collation = b.type_row(attribute.type_oid).map_or(0, |row| row.collation);
            let default = match attribute.default_oid {
                Some(_) => Some(Expression(attribute.default.clone().ok_or_else(concurrent)?)),
                None => None,
            };
            columns.push(ViewColumn {
                name: attribute.name.clone(),
                data_type: attribute.type_text.clone(),
                collation: b.names.collation_unless(attribute.collation, collation)?,
                default,
            });
        }
        let view = View { columns, query, options: row.options.clone() };
        let fact = b.nodes.add_at(class::CLASS, row.oid, Fact::new(id, Payload::View(view)));
        b.add_row_type(row.row_type, fact);
        for oid in b.attributes(row.oid).iter().filter_map(|attribute| attribute.default_oid) {
            b.nodes.part(class::ATTRDEF, oid, fact);
        }
    }
    Ok(())
}

fn materialized(b: &Build<'_>, row: &ClassRow, query: Expression) -> Result<MaterializedView, CaptureError> {
    let mut columns = Vec::new();
    for attribute in b.attributes(row.oid) {
        let data_type = b.type_row(attribute.type_oid);
        columns.push(MaterializedViewColumn {
            name: attribute.name.clone(),
            data_type: attribute.type_text.clone(),
            collation: b.names.collation_unless(attribute.collation, data_type.map_or(0, |row| row.collation))?,
            storage: relations::storage(attribute, data_type),
            compression: relations::compression(attribute)?,
            statistics: attribute.statistics,
            options: attribute.options.clone(),
        });
    }
    let method = if row.method == 0 { None } else { Some(b.names.method(row.method)?.clone()) };
    Ok(MaterializedView {
        columns,
        query,
        options: relations::options(row),
        access_method: method.filter(|method| method != "heap"),
        tablespace: row.tablespace.clone(),
    })
}
