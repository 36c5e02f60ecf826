//! Row security policies: CREATE, ALTER and their names; and the switches of tables.
//!
//! Follows `CreatePolicy`, `AlterPolicy` and `rename_policy`, policy.c (PG 14 to 18).

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterPolicyStmt, CreatePolicyStmt, Node, RangeVar, RoleSpecType};
use pgseal_catalog::facts::{Expression, Payload, Policy, PolicyCommand};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::model::Part;
use super::names::name;
use super::run::Interpreter;
use crate::diagnostic::{Diagnostic, codes};

impl Interpreter<'_> {
    /// Carries out CREATE POLICY.
    pub(super) fn create_policy(&mut self, statement: &CreatePolicyStmt) -> Elaborated<()> {
        let command = match statement.cmd_name.as_str() {
            "select" => PolicyCommand::Select,
            "insert" => PolicyCommand::Insert,
            "update" => PolicyCommand::Update,
            "delete" => PolicyCommand::Delete,
            "all" => PolicyCommand::All,
            other => return Err(Problem::internal(format!("unrecognized policy command \"{other}\""))),
        };
        let (using, check) = (statement.qual.as_deref(), statement.with_check.as_deref());
        if check.is_some() && matches!(command, PolicyCommand::Select | PolicyCommand::Delete) {
            return Err(Problem::invalid("42601", "WITH CHECK cannot be applied to SELECT or DELETE"));
        }
        if using.is_some() && command == PolicyCommand::Insert {
            return Err(Problem::invalid("42601", "only WITH CHECK expression allowed for INSERT"));
        }
        let roles = self.policy_roles(&statement.roles)?;
        let table = self.policy_table(statement.table.as_ref())?;
        let id = FactId::Policy(table.clone(), name(&statement.policy_name)?);
        let mut needs = Needs::new();
        let policy = Policy {
            command,
            restrictive: !statement.permissive,
            roles,
            using: self.policy_expression(&table, using, &mut needs)?,
            check: self.policy_expression(&table, check, &mut needs)?,
        };
        self.policy_is_free(&id)?;
        let mut fact = Fact::new(id.clone(), Payload::Policy(policy));
        fact.needs = needs;
        self.model.put(fact);
        self.model.forget_all_written(&id);
        self.remember_policy(&id, using, check);
        Ok(())
    }

    /// Carries out ALTER POLICY.
    pub(super) fn alter_policy(&mut self, statement: &AlterPolicyStmt) -> Elaborated<()> {
        let roles = match statement.roles.as_slice() {
            [] => None,
            roles => Some(self.policy_roles(roles)?),
        };
        let table = self.policy_table(statement.table.as_ref())?;
        let id = FactId::Policy(table.clone(), name(&statement.policy_name)?);
        let Some(Payload::Policy(mut policy)) = self.model.fact(&id).map(|fact| fact.payload.clone()) else {
            return Err(no_policy(&id));
        };
        let (using, check) = (statement.qual.as_deref(), statement.with_check.as_deref());
        if check.is_some() && matches!(policy.command, PolicyCommand::Select | PolicyCommand::Delete) {
            return Err(Problem::invalid("42601", "only USING expression allowed for SELECT, DELETE"));
        }
        if using.is_some() && policy.command == PolicyCommand::Insert {
            return Err(Problem::invalid("42601", "only WITH CHECK expression allowed for INSERT"));
        }
        let mut needs = Needs::new();
        for (place, raw) in [(&mut policy.using, using), (&mut policy.check, check)] {
            match (raw, &place) {
                (Some(_), _) => *place = self.policy_expression(&table, raw, &mut needs)?,
                (None, Some(stored)) => needs.extend(self.model.policy_needs(&table, stored)?),
                (None, None) => {}
            }
        }
        policy.roles = roles.unwrap_or(policy.roles);
        let mut fact = Fact::new(id.clone(), Payload::Policy(policy));
        fact.needs = needs;
        self.model.put(fact);
        self.remember_policy(&id, using, check);
        Ok(())
    }

    /// Switches row security of a table on or off, or whether it holds for the owner too.
    pub(super) fn set_row_security(
        &mut self,
        table: &QualifiedName,
        enabled: Option<bool>,
        forced: Option<bool>,
    ) -> Elaborated<()> {
        self.edit_table(table, |table| {
            table.row_security = enabled.unwrap_or(table.row_security);
            table.force_row_security = forced.unwrap_or(table.force_row_security);
        })
    }

    /// Whether a policy may go under another name.
    pub(super) fn may_rename_policy(&self, table: &QualifiedName, old: &Name, new: &Name) -> Elaborated<()> {
        self.policy_is_free(&FactId::Policy(table.clone(), new.clone()))?;
        let id = FactId::Policy(table.clone(), old.clone());
        if self.model.contains(&id) { Ok(()) } else { Err(no_policy(&id)) }
    }

    fn policy_table(&self, range: Option<&RangeVar>) -> Elaborated<QualifiedName> {
        match range {
            Some(range) => self.table(range),
            None => Err(Problem::internal("a policy without a table")),
        }
    }

    fn policy_is_free(&self, id: &FactId) -> Elaborated<()> {
        match id {
            FactId::Policy(table, policy) if self.model.contains(id) => Err(Problem::duplicate(
                "42710",
                format!("policy \"{}\" for table \"{}\" already exists", policy.as_str(), table.name.as_str()),
            )),
            _ => Ok(()),
        }
    }

    fn policy_expression(
        &self,
        table: &QualifiedName,
        raw: Option<&Node>,
        needs: &mut Needs,
    ) -> Elaborated<Option<Expression>> {
        let Some(raw) = raw else { return Ok(None) };
        let cooked = self.model.policy_over(table, &self.path, raw)?;
        needs.extend(cooked.needs);
        Ok(Some(cooked.text))
    }

    fn remember_policy(&mut self, id: &FactId, using: Option<&Node>, check: Option<&Node>) {
        for (part, raw) in [(Part::Using, using), (Part::WithCheck, check)] {
            if let Some(raw) = raw {
                self.remember(id, part, raw);
            }
        }
    }

    /// The roles that a policy is for; none for PUBLIC.
    fn policy_roles(&mut self, nodes: &[Node]) -> Elaborated<BTreeSet<Name>> {
        let mut roles = BTreeSet::new();
        for node in nodes {
            let Some(NodeEnum::RoleSpec(role)) = &node.node else { continue };
            match RoleSpecType::try_from(role.roletype) {
                Ok(RoleSpecType::RolespecPublic) => {
                    if nodes.len() > 1 {
                        self.notes.push(Diagnostic::note(
                            codes::NOT_YET_MANAGED,
                            "roles other than PUBLIC are ignored: all roles are members of PUBLIC",
                        ));
                    }
                    return Ok(BTreeSet::new());
                }
                Ok(RoleSpecType::RolespecCstring) => {
                    let known = &self.model.header().roles;
                    if !known.contains(&role.rolename) {
                        return Err(Problem::invalid("42704", format!("role \"{}\" does not exist", role.rolename))
                            .hint("Roles belong to the cluster: make it there, and capture again.")
                            .at(role.location));
                    }
                    roles.insert(name(&role.rolename)?);
                }
                _ => {
                    return Err(Problem::unsupported(
                        "a policy for the current user, who is known only on the server,",
                    )
                    .hint("Write the role's name.")
                    .at(role.location));
                }
            }
        }
        Ok(roles)
    }
}

fn no_policy(id: &FactId) -> Box<Problem> {
    let (table, policy) = match id {
        FactId::Policy(table, policy) => (table.name.as_str(), policy.as_str()),
        _ => ("", ""),
    };
    Problem::undefined("42704", format!("policy \"{policy}\" for table \"{table}\" does not exist"), policy)
}
