//! When two payloads mean the same although their expressions are spelled differently.

use pgseal_catalog::FactId;
use pgseal_catalog::facts::{Body, ConstraintKind, Expression, KeyTarget, Payload};

use crate::elaborate::{Model, Part};

/// Both payloads, with every expression that differs replaced by the text that it settles on.
pub(super) fn settle(from: &Model, id: &FactId, a: &Payload, to: &Model, b: &Payload) -> (Payload, Payload) {
    let (mut left, mut right) = (a.clone(), b.clone());
    let theirs: Vec<(Part, Expression)> = expressions(b);
    for (part, text) in expressions_mut(&mut left) {
        let Some((_, other)) = theirs.iter().find(|(p, _)| *p == part) else { continue };
        if text != other {
            text.0 = from.settled(id, part, text.as_str());
        }
    }
    let ours: Vec<(Part, Expression)> = expressions(a);
    for (part, text) in expressions_mut(&mut right) {
        let Some((_, other)) = ours.iter().find(|(p, _)| *p == part) else { continue };
        if text != other {
            text.0 = to.settled(id, part, text.as_str());
        }
    }
    (left, right)
}

/// Whether an expression of two models is the same, or settles on the same text.
#[must_use]
pub fn same_expression(from: &Model, id: &FactId, a: &Expression, to: &Model, b: &Expression, part: Part) -> bool {
    a == b || from.settled(id, part, a.as_str()) == to.settled(id, part, b.as_str())
}

/// The expressions of a payload, each with its part.
#[must_use]
pub fn expressions(payload: &Payload) -> Vec<(Part, Expression)> {
    let mut copy = payload.clone();
    expressions_mut(&mut copy).into_iter().map(|(part, text)| (part, text.clone())).collect()
}

/// The expressions of a payload, each with its part, to be changed.
pub fn expressions_mut(payload: &mut Payload) -> Vec<(Part, &mut Expression)> {
    let mut out = Vec::new();
    match payload {
        Payload::Default(default) => out.push((Part::Default, &mut default.expression)),
        Payload::Column(column) => out.extend(column.generated.as_mut().map(|g| (Part::Generated, &mut g.expression))),
        Payload::Domain(domain) => out.extend(domain.default.as_mut().map(|text| (Part::DomainDefault, text))),
        Payload::DomainConstraint(constraint) => out.push((Part::Check, &mut constraint.expression)),
        Payload::Constraint(constraint) => match &mut constraint.is {
            ConstraintKind::Check(check) => out.push((Part::Check, &mut check.expression)),
            ConstraintKind::Exclusion(exclusion) => {
                for (n, element) in (0_u16..).zip(&mut exclusion.elements) {
                    if let KeyTarget::Expression(text) = &mut element.key.target {
                        out.push((Part::ExclusionKey(n), text));
                    }
                }
                out.extend(exclusion.predicate.as_mut().map(|text| (Part::Predicate, text)));
            }
            ConstraintKind::PrimaryKey(_)
            | ConstraintKind::Unique(_)
            | ConstraintKind::ForeignKey(_)
            | ConstraintKind::NotNull(_) => {}
        },
        Payload::Index(index) => {
            for (n, key) in (0_u16..).zip(&mut index.keys) {
                if let KeyTarget::Expression(text) = &mut key.target {
                    out.push((Part::IndexKey(n), text));
                }
            }
            out.extend(index.predicate.as_mut().map(|text| (Part::Predicate, text)));
        }
        Payload::Policy(policy) => {
            out.extend(policy.using.as_mut().map(|text| (Part::Using, text)));
            out.extend(policy.check.as_mut().map(|text| (Part::WithCheck, text)));
        }
        Payload::Rule(rule) => {
            out.extend(rule.condition.as_mut().map(|text| (Part::Condition, text)));
            out.extend((0_u16..).map(Part::Action).zip(&mut rule.actions));
        }
        Payload::Trigger(trigger) => out.extend(trigger.when.as_mut().map(|text| (Part::When, text))),
        Payload::Function(function) | Payload::Procedure(function) => {
            if let Body::Sql(text) = &mut function.body {
                out.push((Part::Body, text));
            }
            for (n, argument) in (0_u16..).zip(&mut function.arguments) {
                out.extend(argument.default.as_mut().map(|text| (Part::ArgumentDefault(n), text)));
            }
        }
        Payload::Table(table) => {
            out.extend(table.partition_of.as_mut().map(|partition| (Part::PartitionBound, &mut partition.bound)));
            if let Some(key) = &mut table.partition_key {
                for (n, part) in (0_u16..).zip(&mut key.parts) {
                    if let KeyTarget::Expression(text) = &mut part.target {
                        out.push((Part::PartitionKey(n), text));
                    }
                }
            }
        }
        Payload::View(view) => {
            out.push((Part::Query, &mut view.query));
            for (n, column) in (0_u16..).zip(&mut view.columns) {
                out.extend(column.default.as_mut().map(|text| (Part::ViewDefault(n), text)));
            }
        }
        Payload::MaterializedView(view) => out.push((Part::Query, &mut view.query)),
        Payload::Schema(_)
        | Payload::Extension(_)
        | Payload::Enum(_)
        | Payload::Composite(_)
        | Payload::Range(_)
        | Payload::Sequence(_)
        | Payload::Aggregate(_)
        | Payload::Comment(_) => {}
    }
    out
}
