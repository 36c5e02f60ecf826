//! Composite types.

use pg_query::protobuf::{AlterTableStmt, CompositeTypeStmt};

use super::error::{Elaborated, Problem};
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out CREATE TYPE … AS.
    pub(super) fn create_composite(&mut self, _statement: &CompositeTypeStmt) -> Elaborated<()> {
        Err(Problem::unsupported("CREATE TYPE … AS"))
    }

    /// Carries out ALTER TYPE … ADD, DROP and ALTER ATTRIBUTE.
    pub(super) fn alter_composite(&mut self, _statement: &AlterTableStmt) -> Elaborated<()> {
        Err(Problem::unsupported("ALTER TYPE … ATTRIBUTE"))
    }
}
