//! Row security policies.

use pgseal_catalog::facts::{Expression, Payload, Policy, PolicyCommand};
use pgseal_catalog::{Fact, FactId, Name};

use super::address::class;
use super::build::Build;
use super::error::CaptureError;
use super::session::Session;

/// A row of `pg_policy`.
pub(super) struct PolicyRow {
    pub oid: u32,
    pub table: u32,
    name: Name,
    command: char,
    permissive: bool,
    is_public: bool,
    roles: Vec<String>,
    using: Option<String>,
    check: Option<String>,
}

pub(super) fn read_policies(s: &mut Session<'_>) -> Result<Vec<PolicyRow>, CaptureError> {
    s.rows(
        "policies",
        "SELECT p.oid, p.polrelid, p.polname, p.polcmd, p.polpermissive, 0 = ANY (p.polroles), \
         ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.oid = ANY (p.polroles)), \
         pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid) FROM pg_policy p",
        |c| {
            Ok(PolicyRow {
                oid: c.next()?,
                table: c.next()?,
                name: c.name()?,
                command: c.letter()?,
                permissive: c.next()?,
                is_public: c.next()?,
                roles: c.next()?,
                using: c.next()?,
                check: c.next()?,
            })
        },
    )
}

/// Adds the facts of the policies of tables.
pub(super) fn add_policies(b: &mut Build<'_>, rows: &[PolicyRow]) -> Result<(), CaptureError> {
    for row in rows {
        let Some(FactId::Table(table)) = b.nodes.fact_at(class::CLASS, row.table).cloned() else { continue };
        let id = FactId::Policy(table, row.name.clone());
        if !b.scope.holds(&id) {
            continue;
        }
        let policy = Policy {
            command: match row.command {
                'r' => PolicyCommand::Select,
                'a' => PolicyCommand::Insert,
                'w' => PolicyCommand::Update,
                'd' => PolicyCommand::Delete,
                _ => PolicyCommand::All,
            },
            restrictive: !row.permissive,
            roles: match row.is_public {
                true => std::collections::BTreeSet::new(),
                false => row.roles.iter().map(|role| Name::new(role.as_str())).collect::<Result<_, _>>()?,
            },
            using: row.using.clone().map(Expression),
            check: row.check.clone().map(Expression),
        };
        b.nodes.add_at(class::POLICY, row.oid, Fact::new(id, Payload::Policy(policy)));
    }
    Ok(())
}
