//! Range types.

use pg_query::protobuf::CreateRangeStmt;

use super::error::{Elaborated, Problem};
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out CREATE TYPE … AS RANGE.
    pub(super) fn create_range(&mut self, _statement: &CreateRangeStmt) -> Elaborated<()> {
        Err(Problem::unsupported("CREATE TYPE … AS RANGE"))
    }
}
