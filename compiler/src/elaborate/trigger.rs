//! Triggers.

use pg_query::protobuf::CreateTrigStmt;

use super::error::{Elaborated, Problem};
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out CREATE TRIGGER.
    pub(super) fn create_trigger(&mut self, _statement: &CreateTrigStmt) -> Elaborated<()> {
        Err(Problem::unsupported("CREATE TRIGGER"))
    }
}
