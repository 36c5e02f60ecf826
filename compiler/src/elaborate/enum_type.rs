//! Enum types.

use pg_query::protobuf::{AlterEnumStmt, CreateEnumStmt};

use super::error::{Elaborated, Problem};
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out CREATE TYPE … AS ENUM.
    pub(super) fn create_enum(&mut self, _statement: &CreateEnumStmt) -> Elaborated<()> {
        Err(Problem::unsupported("CREATE TYPE … AS ENUM"))
    }

    /// Carries out ALTER TYPE … ADD VALUE.
    pub(super) fn alter_enum(&mut self, _statement: &AlterEnumStmt) -> Elaborated<()> {
        Err(Problem::unsupported("ALTER TYPE … ADD VALUE"))
    }
}
