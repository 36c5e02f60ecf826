//! Extensions.

use pg_query::protobuf::{AlterExtensionContentsStmt, AlterExtensionStmt, CreateExtensionStmt};

use super::error::{Elaborated, Problem};
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out CREATE EXTENSION.
    pub(super) fn create_extension(&mut self, _statement: &CreateExtensionStmt) -> Elaborated<()> {
        Err(Problem::unsupported("CREATE EXTENSION"))
    }

    /// Carries out ALTER EXTENSION.
    pub(super) fn alter_extension(&mut self, _statement: &AlterExtensionStmt) -> Elaborated<()> {
        Err(Problem::unsupported("ALTER EXTENSION"))
    }

    /// Carries out ALTER EXTENSION … ADD or DROP.
    pub(super) fn alter_extension_contents(&mut self, _statement: &AlterExtensionContentsStmt) -> Elaborated<()> {
        Err(Problem::unsupported("ALTER EXTENSION … ADD or DROP"))
    }
}
