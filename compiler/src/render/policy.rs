//! Row security policies.

use pgseal_catalog::facts::{Policy, PolicyCommand};
use pgseal_catalog::{FactId, Name, QualifiedName};

use super::{Draft, Renderer, Sql};
use crate::elaborate::Part;

impl Renderer<'_> {
    /// `CREATE POLICY`.
    #[must_use]
    pub fn create_policy(&self, table: &QualifiedName, name: &Name, policy: &Policy) -> Sql {
        let id = FactId::Policy(table.clone(), name.clone());
        let mut draft = self.draft(format!("CREATE {}", self.object(&id)));
        draft.push(if policy.restrictive { "\n    AS RESTRICTIVE" } else { "" });
        draft.push(match policy.command {
            PolicyCommand::All => "",
            PolicyCommand::Select => "\n    FOR SELECT",
            PolicyCommand::Insert => "\n    FOR INSERT",
            PolicyCommand::Update => "\n    FOR UPDATE",
            PolicyCommand::Delete => "\n    FOR DELETE",
        });
        if !policy.roles.is_empty() {
            draft.push(format!("\n    TO {}", self.names(&policy.roles)));
        }
        self.policy_expressions(&mut draft, &id, policy);
        draft.done()
    }

    /// `ALTER POLICY`: the roles and both expressions.
    #[must_use]
    pub fn alter_policy(&self, table: &QualifiedName, name: &Name, policy: &Policy) -> Sql {
        let id = FactId::Policy(table.clone(), name.clone());
        let mut draft = self.draft(format!("ALTER {}", self.object(&id)));
        let roles = if policy.roles.is_empty() { "PUBLIC".to_owned() } else { self.names(&policy.roles) };
        draft.push(format!("\n    TO {roles}"));
        self.policy_expressions(&mut draft, &id, policy);
        draft.done()
    }

    fn policy_expressions(&self, draft: &mut Draft<'_>, id: &FactId, policy: &Policy) {
        if let Some(using) = &policy.using {
            draft.push("\n    USING (").expression(id, Part::Using, using).push(")");
        }
        if let Some(check) = &policy.check {
            draft.push("\n    WITH CHECK (").expression(id, Part::WithCheck, check).push(")");
        }
    }
}
