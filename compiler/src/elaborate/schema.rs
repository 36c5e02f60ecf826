//! CREATE SCHEMA, with the statements inside of it.
//!
//! Follows `CreateSchemaCommand`, schemacmds.c, and `transformCreateSchemaStmtElements`, parse_utilcmd.c (PG 17).

use pg_query::NodeEnum;
use pg_query::protobuf::CreateSchemaStmt;
use pgseal_catalog::facts::{Payload, Schema};
use pgseal_catalog::{Fact, FactId};

use super::error::{Elaborated, Problem};
use super::names::name;
use super::run::Interpreter;
use crate::env::{SearchPath, Sym};

impl Interpreter<'_> {
    /// Carries out CREATE SCHEMA.
    pub(super) fn create_schema(&mut self, statement: &CreateSchemaStmt) -> Elaborated<()> {
        let text = match (statement.schemaname.as_str(), &statement.authrole) {
            ("", Some(role)) if !role.rolename.is_empty() => role.rolename.as_str(),
            ("", _) => return Err(Problem::unsupported("CREATE SCHEMA named after the current user")),
            (text, _) => text,
        };
        let new = name(text)?;
        if new.as_str().starts_with("pg_") {
            return Err(Problem::invalid("42939", format!("unacceptable schema name \"{}\"", new.as_str()))
                .detail("The prefix \"pg_\" is reserved for system schemas."));
        }
        if self.model.env.schema_exists(new.as_str()) {
            if statement.if_not_exists {
                return Ok(());
            }
            return Err(Problem::duplicate("42P06", format!("schema \"{}\" already exists", new.as_str())));
        }
        self.model.put(Fact::new(FactId::Schema(new.clone()), Payload::Schema(Schema::default())));
        if statement.schema_elts.is_empty() {
            return Ok(());
        }
        // the elements are read with the new schema in front of the path, and in the order of kinds
        let schemas = std::iter::once(Sym::from(new.as_str())).chain(self.path.explicit().iter().cloned());
        let within = SearchPath::new(schemas.collect::<Vec<_>>());
        let outside = std::mem::replace(&mut self.path, within);
        let result = self.schema_elements(statement);
        self.path = outside;
        result
    }

    fn schema_elements(&mut self, statement: &CreateSchemaStmt) -> Elaborated<()> {
        let rank = |node: &NodeEnum| match node {
            NodeEnum::CreateSeqStmt(_) => Some(0),
            NodeEnum::CreateStmt(_) => Some(1),
            NodeEnum::IndexStmt(_) => Some(3),
            NodeEnum::CreateTrigStmt(_) => Some(4),
            _ => None,
        };
        for wanted in 0..5 {
            for node in statement.schema_elts.iter().filter_map(|element| element.node.as_ref()) {
                match rank(node) {
                    Some(rank) if rank == wanted => self.node(node)?,
                    Some(_) => {}
                    None => {
                        return Err(Problem::unsupported("a view or grant within CREATE SCHEMA")
                            .hint("Write it as a statement of its own."));
                    }
                }
            }
        }
        Ok(())
    }
}
