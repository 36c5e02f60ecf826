//! Decides for each statement: part of the schema, not managed yet, passed over, or refused.
//!
//! Nothing is dropped in silence: what is passed over is counted and noted, what has no place in a schema file is
//! refused with advice. A statement that is not listed here is refused.

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterTableType, ObjectType, TransactionStmtKind};

use super::settings::{ConstantCall, restores_statistics};
use super::unmanaged::{Care, UnmanagedKind, care_of};
use crate::diagnostic::{Code, codes};

/// What to do with a statement.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Hand it on.
    Managed,
    /// Note it.
    Unmanaged(UnmanagedKind),
    /// Pass it over, counting it under a code.
    Skipped(Code),
    /// It works on rows or runs code: refused unless the user asked to skip such statements.
    Rows { code: Code, what: &'static str, advice: &'static str },
    /// Refuse it.
    Refused { code: Code, what: String, advice: &'static str },
    /// `SET`, `RESET`.
    Setting,
    /// `SELECT set_config(…)`.
    SetConfig(ConstantCall),
    /// `DISCARD ALL`.
    Discard,
    /// `BEGIN`.
    Begin,
    /// `COMMIT`.
    Commit,
}

const ROWS: &str = "a schema file describes what should be there; keep rows in files of their own, or pass --skip-dml";
const CODE: &str = "write what the block does as plain statements, or pass --skip-dml to leave it out";
const CLUSTER: &str = "roles, databases and tablespaces belong to the cluster: set them up beside pgseal";

/// Judges a statement by itself.
pub(super) fn classify(node: &NodeEnum) -> Verdict {
    use NodeEnum as N;
    use UnmanagedKind as U;
    match node {
        // part of the schema
        N::CreateSchemaStmt(_)
        | N::CreateStmt(_)
        | N::ViewStmt(_)
        | N::IndexStmt(_)
        | N::CreateSeqStmt(_)
        | N::AlterSeqStmt(_)
        | N::CompositeTypeStmt(_)
        | N::CreateEnumStmt(_)
        | N::AlterEnumStmt(_)
        | N::CreateRangeStmt(_)
        | N::CreateDomainStmt(_)
        | N::AlterDomainStmt(_)
        | N::CreateFunctionStmt(_)
        | N::AlterFunctionStmt(_)
        | N::CreateTrigStmt(_)
        | N::RuleStmt(_)
        | N::CreatePolicyStmt(_)
        | N::AlterPolicyStmt(_)
        | N::CreateExtensionStmt(_)
        | N::AlterExtensionStmt(_)
        | N::AlterExtensionContentsStmt(_) => Verdict::Managed,
        N::AlterTableStmt(s) => by_object(s.objtype),
        N::CommentStmt(s) => by_object(s.objtype),
        N::DropStmt(s) => by_object(s.remove_type),
        N::AlterObjectSchemaStmt(s) => by_object(s.object_type),
        N::AlterObjectDependsStmt(s) => by_object(s.object_type),
        // the relation's type is set for columns and attributes only
        N::RenameStmt(s) if is_part(s.rename_type) => by_object(s.relation_type),
        N::RenameStmt(s) => by_object(s.rename_type),
        // not managed yet
        N::AlterOwnerStmt(s) => match object(s.object_type) {
            Care::Cluster => cluster(),
            Care::Managed | Care::Unmanaged(_) => Verdict::Unmanaged(U::Owner),
        },
        N::GrantStmt(s) => match object(s.objtype) {
            Care::Cluster => cluster(),
            Care::Managed | Care::Unmanaged(_) => Verdict::Unmanaged(U::Privilege),
        },
        N::DefineStmt(s) => match object(s.kind) {
            Care::Managed if ObjectType::try_from(s.kind) == Ok(ObjectType::ObjectAggregate) => Verdict::Managed,
            // only enums, composite types and ranges have statements of their own
            Care::Managed => Verdict::Unmanaged(U::BaseType),
            Care::Unmanaged(kind) => Verdict::Unmanaged(kind),
            Care::Cluster => cluster(),
        },
        N::CreateTableAsStmt(s) => match ObjectType::try_from(s.objtype) {
            Ok(ObjectType::ObjectMatview) => Verdict::Managed,
            _ => refused(
                codes::UNSUPPORTED_STATEMENT,
                "CREATE TABLE AS cannot be carried out offline",
                "write the table's columns in CREATE TABLE",
            ),
        },
        _ => unmanaged(node).map_or_else(|| the_rest(node), Verdict::Unmanaged),
    }
}

/// Statements whose kind alone says that they are not managed yet.
fn unmanaged(node: &NodeEnum) -> Option<UnmanagedKind> {
    use NodeEnum as N;
    use UnmanagedKind as U;
    Some(match node {
        N::AlterDefaultPrivilegesStmt(_) => U::DefaultPrivilege,
        N::CreateStatsStmt(_) | N::AlterStatsStmt(_) => U::Statistics,
        N::CreateCastStmt(_) => U::Cast,
        N::CreateOpClassStmt(_) => U::OperatorClass,
        N::CreateOpFamilyStmt(_) | N::AlterOpFamilyStmt(_) => U::OperatorFamily,
        N::AlterOperatorStmt(_) => U::Operator,
        N::AlterTypeStmt(_) => U::BaseType,
        N::AlterCollationStmt(_) => U::Collation,
        N::CreateConversionStmt(_) => U::Conversion,
        N::CreateTransformStmt(_) => U::Transform,
        N::CreatePlangStmt(_) => U::Language,
        N::CreateAmStmt(_) => U::AccessMethod,
        N::CreateEventTrigStmt(_) | N::AlterEventTrigStmt(_) => U::EventTrigger,
        N::CreateFdwStmt(_) | N::AlterFdwStmt(_) => U::ForeignDataWrapper,
        N::CreateForeignServerStmt(_) | N::AlterForeignServerStmt(_) => U::ForeignServer,
        N::CreateForeignTableStmt(_) | N::ImportForeignSchemaStmt(_) => U::ForeignTable,
        N::CreateUserMappingStmt(_) | N::AlterUserMappingStmt(_) | N::DropUserMappingStmt(_) => U::UserMapping,
        N::CreatePublicationStmt(_) | N::AlterPublicationStmt(_) => U::Publication,
        N::CreateSubscriptionStmt(_) | N::AlterSubscriptionStmt(_) | N::DropSubscriptionStmt(_) => U::Subscription,
        N::AlterTsdictionaryStmt(_) | N::AlterTsconfigurationStmt(_) => U::TextSearch,
        N::SecLabelStmt(_) => U::SecurityLabel,
        _ => return None,
    })
}

/// Statements that do not describe objects.
fn the_rest(node: &NodeEnum) -> Verdict {
    use NodeEnum as N;
    match node {
        N::VariableSetStmt(_) => Verdict::Setting,
        N::DiscardStmt(_) => Verdict::Discard,
        N::TransactionStmt(s) => transaction(s.kind),
        N::SelectStmt(s) if s.into_clause.is_some() => refused(
            codes::UNSUPPORTED_STATEMENT,
            "SELECT INTO cannot be carried out offline",
            "write the table's columns in CREATE TABLE",
        ),
        N::SelectStmt(s) => match ConstantCall::of(s) {
            Some(call) if call.function == "set_config" => Verdict::SetConfig(call),
            Some(call) if call.function == "setval" => Verdict::Skipped(codes::SKIPPED_SETVAL),
            _ if restores_statistics(s) => Verdict::Skipped(codes::SKIPPED_MAINTENANCE),
            _ => rows(codes::QUERY, "a query is not part of a schema", ROWS),
        },
        N::CopyStmt(s) if s.is_from && !s.is_program && s.filename.is_empty() => Verdict::Skipped(codes::SKIPPED_COPY),
        N::CopyStmt(_) => rows(codes::DML, "COPY moves rows, which are not part of a schema", ROWS),
        N::InsertStmt(_) => rows(codes::DML, "INSERT changes rows, which are not part of a schema", ROWS),
        N::UpdateStmt(_) => rows(codes::DML, "UPDATE changes rows, which are not part of a schema", ROWS),
        N::DeleteStmt(_) => rows(codes::DML, "DELETE changes rows, which are not part of a schema", ROWS),
        N::MergeStmt(_) => rows(codes::DML, "MERGE changes rows, which are not part of a schema", ROWS),
        N::TruncateStmt(_) => rows(codes::DML, "TRUNCATE changes rows, which are not part of a schema", ROWS),
        N::DoStmt(_) => rows(codes::PROCEDURAL, "a DO block cannot be carried out offline", CODE),
        N::CallStmt(_) => rows(codes::PROCEDURAL, "CALL cannot be carried out offline", CODE),
        N::ExplainStmt(_)
        | N::PrepareStmt(_)
        | N::ExecuteStmt(_)
        | N::DeallocateStmt(_)
        | N::DeclareCursorStmt(_)
        | N::FetchStmt(_)
        | N::ClosePortalStmt(_) => rows(codes::QUERY, "a query is not part of a schema", ROWS),
        N::ClusterStmt(s) if !s.indexname.is_empty() => refused(
            codes::UNSUPPORTED_STATEMENT,
            "CLUSTER … USING has no place in a schema file",
            "ALTER TABLE … CLUSTER ON says the same without moving rows",
        ),
        N::VacuumStmt(_)
        | N::RefreshMatViewStmt(_)
        | N::ClusterStmt(_)
        | N::ReindexStmt(_)
        | N::CheckPointStmt(_)
        | N::LockStmt(_)
        | N::VariableShowStmt(_)
        | N::ConstraintsSetStmt(_)
        | N::ListenStmt(_)
        | N::UnlistenStmt(_)
        | N::NotifyStmt(_)
        | N::LoadStmt(_) => Verdict::Skipped(codes::SKIPPED_MAINTENANCE),
        N::CreatedbStmt(_)
        | N::DropdbStmt(_)
        | N::AlterDatabaseStmt(_)
        | N::AlterDatabaseSetStmt(_)
        | N::AlterDatabaseRefreshCollStmt(_)
        | N::AlterSystemStmt(_)
        | N::CreateRoleStmt(_)
        | N::AlterRoleStmt(_)
        | N::AlterRoleSetStmt(_)
        | N::DropRoleStmt(_)
        | N::GrantRoleStmt(_)
        | N::CreateTableSpaceStmt(_)
        | N::DropTableSpaceStmt(_)
        | N::AlterTableSpaceOptionsStmt(_)
        | N::AlterTableMoveAllStmt(_) => cluster(),
        N::DropOwnedStmt(_) | N::ReassignOwnedStmt(_) => refused(
            codes::UNSUPPORTED_STATEMENT,
            "DROP OWNED and REASSIGN OWNED have no place in a schema file",
            "write what should be there instead",
        ),
        _ => refused(codes::UNSUPPORTED_STATEMENT, "this statement has no place in a schema file", "remove it"),
    }
}

/// Says what a command of ALTER TABLE is about where pgseal does not manage that yet.
pub(super) fn unmanaged_command(subtype: i32) -> Option<UnmanagedKind> {
    use AlterTableType as A;
    use UnmanagedKind as U;
    match AlterTableType::try_from(subtype).ok()? {
        A::AtChangeOwner => Some(U::Owner),
        A::AtGenericOptions | A::AtAlterColumnGenericOptions => Some(U::ForeignTable),
        _ => None,
    }
}

fn transaction(kind: i32) -> Verdict {
    match TransactionStmtKind::try_from(kind) {
        Ok(TransactionStmtKind::TransStmtBegin | TransactionStmtKind::TransStmtStart) => Verdict::Begin,
        Ok(TransactionStmtKind::TransStmtCommit) => Verdict::Commit,
        _ => refused(
            codes::UNSUPPORTED_TRANSACTION,
            "only BEGIN and COMMIT are understood in a schema file",
            "remove the transaction commands: a plan has its own transactions",
        ),
    }
}

fn object(object: i32) -> Care {
    ObjectType::try_from(object).map_or(Care::Managed, care_of)
}

fn is_part(object: i32) -> bool {
    matches!(ObjectType::try_from(object), Ok(ObjectType::ObjectColumn | ObjectType::ObjectAttribute))
}

fn by_object(of: i32) -> Verdict {
    match object(of) {
        Care::Managed => Verdict::Managed,
        Care::Unmanaged(kind) => Verdict::Unmanaged(kind),
        Care::Cluster => cluster(),
    }
}

fn rows(code: Code, what: &'static str, advice: &'static str) -> Verdict {
    Verdict::Rows { code, what, advice }
}

fn refused(code: Code, what: &str, advice: &'static str) -> Verdict {
    Verdict::Refused { code, what: what.to_owned(), advice }
}

fn cluster() -> Verdict {
    refused(codes::CLUSTER_OBJECT, "the statement changes the cluster, not this database's schema", CLUSTER)
}
