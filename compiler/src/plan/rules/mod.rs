//! From deltas to actions: what creates, alters and drops a fact, one file per family of kinds.
//!
//! A rule answers for one fact only and never cascades; what else has to go and come back around it is the round's business.

mod column;
mod constraint;
mod function;
mod index;
mod materialized_view;
mod policy;
mod rule;
mod sequence;
mod table;
mod trigger;
mod types;
mod view;

use pgseal_catalog::facts::Payload;
use pgseal_catalog::snapshot::Header;
use pgseal_catalog::{Fact, FactId};

use super::action::{Action, Verb};
use crate::elaborate::Model;
use crate::render::Renderer;

pub(crate) use column::{default_clauses, not_null_constraint};
pub(crate) use constraint::{is_inherited_by_name, on_parent_only};
pub(crate) use index::moves;
pub(crate) use sequence::{leave_owner, set_owner};
pub(crate) use table::{columns_of_new_table, create_folded, is_attached_later, replica_identity};

/// What rules look at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The database as it is at this point of the plan.
    pub working: &'a Model,
    /// The database as it shall be.
    pub desired: &'a Model,
    /// Sizes and settings.
    pub header: &'a Header,
}

/// How a fact comes to its new properties.
#[derive(Debug)]
pub enum Alteration {
    /// By these, in this order.
    InPlace(Vec<Action>),
    /// Only by dropping and creating it.
    Replace,
}

impl<'a> Context<'a> {
    /// Renders facts as they are.
    #[must_use]
    pub fn from(&self) -> Renderer<'a> {
        Renderer::new(self.working)
    }

    /// Renders facts as they shall be.
    #[must_use]
    pub fn to(&self) -> Renderer<'a> {
        Renderer::new(self.desired)
    }

    /// The server's major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.desired.major().number()
    }
}

/// The actions that create a fact: the first one makes it, the others complete it. None for a fact that only comes with
/// another.
#[must_use]
pub fn create(ctx: &Context<'_>, fact: &Fact) -> Vec<Action> {
    let plain = |sql| vec![Action::new(Verb::Create, fact.id.clone(), sql)];
    match (&fact.id, &fact.payload) {
        (FactId::Schema(name), _) => plain(ctx.to().create_schema(name)),
        (FactId::Extension(name), Payload::Extension(extension)) => plain(ctx.to().create_extension(name, extension)),
        (FactId::Enum(name), Payload::Enum(payload)) => plain(ctx.to().create_enum(name, payload)),
        (FactId::Domain(name), Payload::Domain(payload)) => plain(ctx.to().create_domain(name, payload, [])),
        (FactId::DomainConstraint(domain, name), Payload::DomainConstraint(payload)) => {
            types::create_domain_constraint(ctx, domain, name, payload)
        }
        (FactId::Composite(name), Payload::Composite(payload)) => plain(ctx.to().create_composite(name, payload)),
        (FactId::Range(name), Payload::Range(payload)) => plain(ctx.to().create_range(name, payload)),
        (FactId::Sequence(name), Payload::Sequence(payload)) => sequence::create(ctx, name, payload),
        (FactId::Table(name), Payload::Table(payload)) => table::create(ctx, name, payload),
        (FactId::Column(table, name), Payload::Column(payload)) => column::create(ctx, table, name, payload),
        (FactId::Default(table, name), Payload::Default(payload)) => column::create_default(ctx, table, name, payload),
        (FactId::Constraint(table, name), Payload::Constraint(payload)) => {
            constraint::create(ctx, table, name, payload)
        }
        (FactId::Index(name), Payload::Index(payload)) => index::create(ctx, name, payload),
        (FactId::Function(routine) | FactId::Procedure(routine), Payload::Function(f) | Payload::Procedure(f)) => {
            plain(ctx.to().create_function(routine, f, false))
        }
        (FactId::Aggregate(routine), Payload::Aggregate(payload)) => {
            plain(ctx.to().create_aggregate(routine, payload, false))
        }
        (FactId::Trigger(on, name) | FactId::ViewTrigger(on, name), Payload::Trigger(payload)) => {
            trigger::create(ctx, &fact.id, on, name, payload)
        }
        (FactId::Rule(on, _) | FactId::ViewRule(on, _), Payload::Rule(payload)) => {
            rule::create(ctx, &fact.id, on, payload)
        }
        (FactId::View(name), Payload::View(payload)) => view::create(ctx, name, payload),
        (FactId::MaterializedView(name), Payload::MaterializedView(payload)) => {
            materialized_view::create(ctx, name, payload)
        }
        (FactId::Policy(table, name), Payload::Policy(payload)) => policy::create(ctx, table, name, payload),
        (FactId::Comment(on), Payload::Comment(payload)) => plain(ctx.to().comment(on, Some(&payload.text))),
        _ => Vec::new(),
    }
}

/// The action that drops a fact. None for a fact that only goes with another.
#[must_use]
pub fn drop(ctx: &Context<'_>, fact: &Fact) -> Option<Action> {
    match (&fact.id, &fact.payload) {
        (FactId::Table(name), Payload::Table(payload)) => table::drop(ctx, name, payload),
        (FactId::Column(table, name), Payload::Column(payload)) => Some(column::drop(ctx, table, name, payload)),
        (FactId::Default(table, name), _) => Some(column::drop_default(ctx, table, name)),
        (FactId::Constraint(table, name), Payload::Constraint(payload)) => {
            Some(constraint::drop(ctx, table, name, payload))
        }
        (FactId::DomainConstraint(domain, name), _) => Some(types::drop_domain_constraint(ctx, domain, name)),
        (FactId::Index(name), Payload::Index(payload)) => Some(index::drop(ctx, name, payload)),
        (id @ (FactId::Trigger(on, _) | FactId::ViewTrigger(on, _)), _) => Some(trigger::drop(ctx, id, on)),
        (id @ (FactId::View(name) | FactId::MaterializedView(name)), _) => Some(view::drop(ctx, id, name)),
        (FactId::Policy(table, name), _) => Some(policy::drop(ctx, table, name)),
        (id @ (FactId::Rule(on, _) | FactId::ViewRule(on, _)), _) => Some(rule::drop(ctx, id, on)),
        (FactId::Sequence(name), Payload::Sequence(payload)) => Some(sequence::drop(ctx, name, payload)),
        (FactId::Comment(on), _) => Some(Action::new(Verb::Drop, fact.id.clone(), ctx.from().comment(on, None))),
        (FactId::Attribute(..), _) => None,
        (id, _) => {
            let sql = ctx.from().plain(format!("DROP {}", ctx.from().object(id)));
            Some(Action::new(Verb::Drop, id.clone(), sql))
        }
    }
}

/// How a fact that is there comes to what it shall be.
#[must_use]
pub fn alter(ctx: &Context<'_>, from: &Fact, to: &Fact) -> Alteration {
    match (&from.id, &from.payload, &to.payload) {
        (FactId::Schema(_), ..) => Alteration::InPlace(Vec::new()),
        (FactId::Extension(name), Payload::Extension(a), Payload::Extension(b)) => {
            types::alter_extension(ctx, name, a, b)
        }
        (FactId::Enum(name), Payload::Enum(a), Payload::Enum(b)) => types::alter_enum(ctx, name, a, b),
        (FactId::Domain(name), Payload::Domain(a), Payload::Domain(b)) => types::alter_domain(ctx, name, a, b),
        (FactId::DomainConstraint(domain, name), Payload::DomainConstraint(a), Payload::DomainConstraint(b)) => {
            types::alter_domain_constraint(ctx, domain, name, a, b)
        }
        (FactId::Composite(name), Payload::Composite(a), Payload::Composite(b)) => {
            types::alter_composite(ctx, name, a, b)
        }
        (FactId::Sequence(name), Payload::Sequence(a), Payload::Sequence(b)) => sequence::alter(ctx, name, a, b),
        (FactId::Table(name), Payload::Table(a), Payload::Table(b)) => table::alter(ctx, name, a, b),
        (FactId::Column(table, name), Payload::Column(a), Payload::Column(b)) => column::alter(ctx, table, name, a, b),
        (FactId::Default(table, name), _, Payload::Default(b)) => {
            Alteration::InPlace(column::create_default(ctx, table, name, b).into_iter().map(as_alteration).collect())
        }
        (FactId::Constraint(table, name), Payload::Constraint(a), Payload::Constraint(b)) => {
            constraint::alter(ctx, table, name, a, b)
        }
        (FactId::Index(name), Payload::Index(a), Payload::Index(b)) => index::alter(ctx, name, a, b),
        (
            FactId::Function(routine) | FactId::Procedure(routine),
            Payload::Function(a) | Payload::Procedure(a),
            Payload::Function(b) | Payload::Procedure(b),
        ) => function::alter(ctx, &from.id, routine, a, b),
        (FactId::Aggregate(routine), Payload::Aggregate(a), Payload::Aggregate(b)) => {
            function::alter_aggregate(ctx, routine, a, b)
        }
        (
            id @ (FactId::Trigger(on, name) | FactId::ViewTrigger(on, name)),
            Payload::Trigger(a),
            Payload::Trigger(b),
        ) => trigger::alter(ctx, id, on, name, a, b),
        (FactId::View(name), Payload::View(a), Payload::View(b)) => view::alter(ctx, name, a, b),
        (FactId::MaterializedView(name), Payload::MaterializedView(a), Payload::MaterializedView(b)) => {
            materialized_view::alter(ctx, name, a, b)
        }
        (FactId::Policy(table, name), Payload::Policy(a), Payload::Policy(b)) => policy::alter(ctx, table, name, a, b),
        (id @ (FactId::Rule(on, _) | FactId::ViewRule(on, _)), Payload::Rule(a), Payload::Rule(b)) => {
            rule::alter(ctx, id, on, a, b)
        }
        (FactId::Comment(on), _, Payload::Comment(b)) => {
            let sql = ctx.to().comment(on, Some(&b.text));
            Alteration::InPlace(vec![Action::new(Verb::Alter, from.id.clone(), sql)])
        }
        _ => Alteration::Replace,
    }
}

fn as_alteration(mut action: Action) -> Action {
    action.verb = Verb::Alter;
    action.creates.clear();
    action
}
