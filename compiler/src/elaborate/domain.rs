//! Domains.

use pg_query::protobuf::{AlterDomainStmt, CreateDomainStmt};

use super::error::{Elaborated, Problem};
use super::run::Interpreter;

impl Interpreter<'_> {
    /// Carries out CREATE DOMAIN.
    pub(super) fn create_domain(&mut self, _statement: &CreateDomainStmt) -> Elaborated<()> {
        Err(Problem::unsupported("CREATE DOMAIN"))
    }

    /// Carries out ALTER DOMAIN.
    pub(super) fn alter_domain(&mut self, _statement: &AlterDomainStmt) -> Elaborated<()> {
        Err(Problem::unsupported("ALTER DOMAIN"))
    }
}
