//! Sequences.

use pg_query::protobuf::{AlterSeqStmt, CreateSeqStmt};

use super::error::{Elaborated, Problem};
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out CREATE SEQUENCE.
    pub(super) fn create_sequence(&mut self, _statement: &CreateSeqStmt) -> Elaborated<()> {
        Err(Problem::unsupported("CREATE SEQUENCE"))
    }

    /// Carries out ALTER SEQUENCE.
    pub(super) fn alter_sequence(&mut self, _statement: &AlterSeqStmt) -> Elaborated<()> {
        Err(Problem::unsupported("ALTER SEQUENCE"))
    }
}
