//! Which function carries out which statement. One arm per kind; a kind without an arm is refused by name.

use pg_query::NodeEnum;
use pg_query::protobuf::ObjectType;

use super::error::{Elaborated, Problem};
use super::run::Interpreter;
use crate::syntax::Statement;

impl Interpreter<'_> {
    /// Carries out one statement.
    pub(super) fn statement(&mut self, statement: &Statement) -> Elaborated<()> {
        match self.without_own_database(statement) {
            Some(node) => self.node(&node),
            None => self.node(&statement.node),
        }
    }

    /// Carries out one raw tree: a statement, or one within CREATE SCHEMA.
    pub(super) fn node(&mut self, node: &NodeEnum) -> Elaborated<()> {
        use NodeEnum as N;
        match node {
            N::CreateSchemaStmt(s) => self.create_schema(s),
            N::CreateStmt(s) => self.create_table(s),
            N::ViewStmt(s) => self.create_view(s),
            N::CreateTableAsStmt(s) if object_type(s.objtype) == ObjectType::ObjectMatview => {
                self.create_materialized_view(s)
            }
            N::IndexStmt(s) => self.create_index(s),
            N::AlterTableStmt(s) => self.alter_relation(s),
            N::RenameStmt(s) => self.rename(s),
            N::AlterObjectSchemaStmt(s) => self.set_schema(s),
            N::DropStmt(s) => self.drop(s),
            N::CommentStmt(s) => self.comment(s),
            // types, sequences, routines, triggers, rules, extensions
            N::CreateExtensionStmt(s) => self.create_extension(s),
            N::AlterExtensionStmt(s) => self.alter_extension(s),
            N::AlterExtensionContentsStmt(s) => self.alter_extension_contents(s),
            N::CreateEnumStmt(s) => self.create_enum(s),
            N::AlterEnumStmt(s) => self.alter_enum(s),
            N::CreateDomainStmt(s) => self.create_domain(s),
            N::AlterDomainStmt(s) => self.alter_domain(s),
            N::CompositeTypeStmt(s) => self.create_composite(s),
            N::CreateRangeStmt(s) => self.create_range(s),
            N::CreateSeqStmt(s) => self.create_sequence(s),
            N::AlterSeqStmt(s) => self.alter_sequence(s),
            N::CreateFunctionStmt(s) => self.create_function(s),
            N::AlterFunctionStmt(s) => self.alter_function(s),
            N::DefineStmt(s) if object_type(s.kind) == ObjectType::ObjectAggregate => self.create_aggregate(s),
            N::CreateTrigStmt(s) => self.create_trigger(s),
            N::RuleStmt(s) => self.create_rule(s),
            N::CreatePolicyStmt(s) => self.create_policy(s),
            N::AlterPolicyStmt(s) => self.alter_policy(s),
            N::AlterObjectDependsStmt(_) => Err(Problem::unsupported("ALTER … DEPENDS ON EXTENSION")),
            _ => Err(Problem::unsupported("this statement")),
        }
    }
}

/// The object type of a statement.
pub(super) fn object_type(code: i32) -> ObjectType {
    ObjectType::try_from(code).unwrap_or(ObjectType::Undefined)
}
