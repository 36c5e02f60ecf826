//! Functions and procedures.

use pg_query::protobuf::{AlterFunctionStmt, CreateFunctionStmt};

use super::error::{Elaborated, Problem};
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out CREATE FUNCTION.
    pub(super) fn create_function(&mut self, _statement: &CreateFunctionStmt) -> Elaborated<()> {
        Err(Problem::unsupported("CREATE FUNCTION"))
    }

    /// Carries out ALTER FUNCTION.
    pub(super) fn alter_function(&mut self, _statement: &AlterFunctionStmt) -> Elaborated<()> {
        Err(Problem::unsupported("ALTER FUNCTION"))
    }
}
