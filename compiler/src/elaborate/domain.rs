//! Domains: CREATE DOMAIN and ALTER DOMAIN.
//!
//! Follows `DefineDomain`, `AlterDomainDefault`, `AlterDomainNotNull`, `AlterDomainAddConstraint`,
//! `AlterDomainDropConstraint` and `AlterDomainValidateConstraint`, typecmds.c (PG 14 to 18). Servers from 17 on give a not-null a
//! name of its own.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{AlterDomainStmt, ConstrType, Constraint, CreateDomainStmt, Node};
use pgseal_catalog::facts::{Domain, DomainConstraint, Payload};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::column_definition::constraint_type;
use super::error::{Elaborated, Problem};
use super::model::Part;
use super::names::name;
use super::run::Interpreter;
use crate::analyze::{Target, parse_expr_text};
use crate::env::{Major, Oid, SearchPath, TypeKind};

/// What the constraints of CREATE DOMAIN say besides checks.
#[derive(Default)]
struct Collected<'s> {
    default: Option<&'s Constraint>,
    not_null: Option<bool>,
}

impl Interpreter<'_> {
    /// Carries out CREATE DOMAIN.
    pub(super) fn create_domain(&mut self, statement: &CreateDomainStmt) -> Elaborated<()> {
        let new = self.creation_name_of(&statement.domainname)?;
        self.type_is_free(&new)?;
        let Some(ty) = &statement.type_name else { return Err(Problem::internal("a domain without a type")) };
        let (base, typmod) = self.type_of(ty)?;
        let Some(row) = self.env().type_by_oid(base).cloned() else {
            return Err(Problem::internal("a type without its row"));
        };
        if row.kind == TypeKind::Pseudo {
            return Err(Problem::invalid(
                "42804",
                format!("\"{}\" is not a valid base type for a domain", self.env().format_type_be(base)),
            )
            .at(ty.location));
        }
        let own = row.collation;
        let collation = match &statement.coll_clause {
            Some(clause) => self.collation_of(&clause.collname, clause.location)?,
            None => own,
        };
        if collation.is_valid() && !own.is_valid() {
            return Err(Problem::invalid(
                "42804",
                format!("collations are not supported by type {}", self.env().format_type_be(base)),
            )
            .at(ty.location));
        }
        let constraints: Vec<&Constraint> = statement.constraints.iter().filter_map(constraint_of).collect();
        let collected = self.collect_domain_constraints(&constraints)?;
        let id = FactId::Domain(new.clone());
        let mut needs = Needs::new();
        self.type_needs(base, &mut needs);
        if collation != own {
            self.collation_needs(collation, &mut needs);
        }
        let mut domain = Domain {
            base: self.env().format_type(base, typmod),
            collation: self.collation_beside(collation, own)?,
            not_null: collected.not_null == Some(true),
            not_null_name: None,
            default: None,
        };
        match collected.default.and_then(|constraint| constraint.raw_expr.as_deref()) {
            Some(raw) => {
                let target = Target { name: new.name.as_str(), type_oid: base, typmod };
                if let Some(cooked) = self.model.plain_default(&self.path, &target, raw)? {
                    domain.default = Some(cooked.text);
                    needs.extend(cooked.needs);
                }
            }
            None => self.inherit_domain_default(base, &mut domain, &mut needs)?,
        }
        let mut fact = Fact::new(id.clone(), Payload::Domain(domain));
        fact.needs = needs;
        self.model.put(fact);
        if let Some(raw) = collected.default.and_then(|constraint| constraint.raw_expr.as_deref()) {
            self.remember(&id, Part::DomainDefault, raw);
        }
        for constraint in constraints {
            match constraint_type(constraint) {
                ConstrType::ConstrCheck => self.add_domain_check(&new, constraint, true)?,
                ConstrType::ConstrNotnull => self.name_domain_not_null(&new, &constraint.conname)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn collect_domain_constraints<'s>(&self, constraints: &[&'s Constraint]) -> Elaborated<Collected<'s>> {
        let mut collected = Collected::default();
        for constraint in constraints {
            let at = constraint.location;
            let syntax = |what: &str| Err(Problem::invalid("42601", what).at(at));
            let refused = |what: &str| Err(Problem::invalid("0A000", what).at(at));
            match constraint_type(constraint) {
                ConstrType::ConstrDefault => {
                    if collected.default.is_some() {
                        return syntax("multiple default expressions");
                    }
                    collected.default = Some(constraint);
                }
                ConstrType::ConstrNotnull => {
                    match collected.not_null {
                        Some(false) => return syntax("conflicting NULL/NOT NULL constraints"),
                        Some(true) if self.model.major() >= Major::V17 => {
                            return Err(Problem::invalid("42P17", "redundant NOT NULL constraint definition").at(at));
                        }
                        _ => collected.not_null = Some(true),
                    }
                    if constraint.is_no_inherit {
                        return Err(Problem::invalid(
                            "42P17",
                            "not-null constraints for domains cannot be marked NO INHERIT",
                        )
                        .at(at));
                    }
                }
                ConstrType::ConstrNull => {
                    if collected.not_null == Some(true) {
                        return syntax("conflicting NULL/NOT NULL constraints");
                    }
                    collected.not_null = Some(false);
                }
                ConstrType::ConstrCheck => {
                    if constraint.is_no_inherit {
                        return Err(Problem::invalid(
                            "42P17",
                            "check constraints for domains cannot be marked NO INHERIT",
                        )
                        .at(at));
                    }
                }
                ConstrType::ConstrUnique => return syntax("unique constraints not possible for domains"),
                ConstrType::ConstrPrimary => return syntax("primary key constraints not possible for domains"),
                ConstrType::ConstrExclusion => return syntax("exclusion constraints not possible for domains"),
                ConstrType::ConstrForeign => return syntax("foreign key constraints not possible for domains"),
                ConstrType::ConstrGenerated | ConstrType::ConstrIdentity => {
                    return refused("specifying GENERATED not supported for domains");
                }
                _ => return refused("specifying constraint deferrability not supported for domains"),
            }
        }
        Ok(collected)
    }

    /// A domain over a domain starts out with that one's default.
    fn inherit_domain_default(&self, base: Oid, domain: &mut Domain, needs: &mut Needs) -> Elaborated<()> {
        let Some(FactId::Domain(parent)) = self.model.fact_of(base) else {
            return match self.env().type_by_oid(base).map(|row| row.kind) {
                // whether a domain of an extension has a default is not known
                Some(TypeKind::Domain) if base >= Oid::FIRST_USER => Err(Problem::unsupported(format!(
                    "a domain over domain \"{}\", which an extension owns or which is outside of the scope,",
                    self.env().format_type_be(base)
                ))),
                _ => Ok(()),
            };
        };
        let (_, found) = self.domain(parent)?;
        let Some(default) = found.default else { return Ok(()) };
        let raw = parse_expr_text(default.as_str()).map_err(Box::<Problem>::from)?;
        let (type_oid, typmod) = self.model.stored_type(&found.base);
        let target = Target { name: parent.name.as_str(), type_oid, typmod };
        if let Some(cooked) = self.model.plain_default(&SearchPath::empty(), &target, &raw)? {
            needs.extend(cooked.needs);
        }
        domain.default = Some(default);
        Ok(())
    }

    fn domain(&self, domain: &QualifiedName) -> Elaborated<(FactId, Domain)> {
        let id = FactId::Domain(domain.clone());
        match self.model.fact(&id).map(|fact| &fact.payload) {
            Some(Payload::Domain(found)) => Ok((id, found.clone())),
            _ => Err(Problem::internal(format!("domain \"{domain}\" is gone"))),
        }
    }

    /// The domain that a dotted name means.
    pub(super) fn domain_named(&self, names: &[Node]) -> Elaborated<QualifiedName> {
        let (oid, written) = self.type_named(names)?;
        let is_domain = self.env().type_by_oid(oid).is_some_and(|row| row.kind == TypeKind::Domain);
        if !is_domain {
            return Err(Problem::invalid("42809", format!("{} is not a domain", self.env().format_type_be(oid))));
        }
        match self.type_fact(oid, &written)? {
            FactId::Domain(domain) => Ok(domain),
            other => Err(Problem::internal(format!("{} is a domain", other.in_words()))),
        }
    }

    /// Whether a domain has a constraint of that name, its not-null included.
    fn domain_constraint_exists(&self, domain: &QualifiedName, constraint: &Name) -> bool {
        self.model.contains(&FactId::DomainConstraint(domain.clone(), constraint.clone()))
            || self.domain(domain).is_ok_and(|(_, found)| found.not_null_name.as_ref() == Some(constraint))
    }

    fn domain_constraint_name(&self, domain: &QualifiedName, given: &str, label: &str) -> Elaborated<Name> {
        if given.is_empty() {
            return self.choose_constraint_name(domain.name.as_str(), None, label, &domain.schema, &BTreeSet::new());
        }
        let given = name(given)?;
        if self.domain_constraint_exists(domain, &given) {
            return Err(Problem::duplicate(
                "42710",
                format!("constraint \"{}\" for domain \"{}\" already exists", given.as_str(), domain.name.as_str()),
            ));
        }
        Ok(given)
    }

    fn add_domain_check(&mut self, domain: &QualifiedName, raw: &Constraint, validated: bool) -> Elaborated<()> {
        let Some(expression) = raw.raw_expr.as_deref() else { return Err(Problem::internal("a check without text")) };
        let chosen = self.domain_constraint_name(domain, &raw.conname, "check").map_err(|p| p.at(raw.location))?;
        let cooked = self.model.domain_check_over(domain, &self.path, expression)?;
        let id = FactId::DomainConstraint(domain.clone(), chosen);
        let payload = DomainConstraint { expression: cooked.text, validated };
        let mut fact = Fact::new(id.clone(), Payload::DomainConstraint(payload));
        fact.needs = cooked.needs;
        self.model.put(fact);
        self.remember(&id, Part::Check, expression);
        Ok(())
    }

    /// Gives the not-null of a domain its name, where the server keeps one.
    fn name_domain_not_null(&mut self, domain: &QualifiedName, given: &str) -> Elaborated<()> {
        let (id, mut found) = self.domain(domain)?;
        found.not_null = true;
        if self.model.major() >= Major::V17 {
            found.not_null_name = Some(self.domain_constraint_name(domain, given, "not_null")?);
        }
        self.edit_payload(&id, Payload::Domain(found))
    }

    /// Carries out ALTER DOMAIN.
    pub(super) fn alter_domain(&mut self, statement: &AlterDomainStmt) -> Elaborated<()> {
        let domain = self.domain_named(&statement.type_name)?;
        match statement.subtype.as_str() {
            "T" => self.set_domain_default(&domain, statement.def.as_deref()),
            "N" => self.drop_domain_not_null(&domain),
            "O" => match self.domain(&domain)?.1.not_null {
                true => Ok(()),
                false => self.name_domain_not_null(&domain, ""),
            },
            "C" => self.add_domain_constraint(&domain, statement.def.as_deref()),
            "X" => self.drop_domain_constraint(&domain, &statement.name, statement.missing_ok),
            "V" => self.validate_domain_constraint(&domain, &statement.name),
            other => Err(Problem::unsupported(format!("form \"{other}\" of ALTER DOMAIN"))),
        }
    }

    fn set_domain_default(&mut self, domain: &QualifiedName, raw: Option<&Node>) -> Elaborated<()> {
        let (id, mut found) = self.domain(domain)?;
        let (type_oid, typmod) = self.model.stored_type(&found.base);
        let target = Target { name: domain.name.as_str(), type_oid, typmod };
        let cooked = match raw {
            Some(raw) => self.model.plain_default(&self.path, &target, raw)?,
            None => None,
        };
        let mut needs = Needs::new();
        self.type_needs(type_oid, &mut needs);
        if let Some(collation) = &found.collation {
            self.collation_needs(self.model.stored_collation(collation), &mut needs);
        }
        needs.extend(cooked.iter().flat_map(|cooked| cooked.needs.iter().cloned()));
        found.default = cooked.map(|cooked| cooked.text);
        let stored = found.default.is_some();
        let mut fact = Fact::new(id.clone(), Payload::Domain(found));
        fact.needs = needs;
        self.model.put(fact);
        match raw.filter(|_| stored) {
            Some(raw) => self.remember(&id, Part::DomainDefault, raw),
            None => self.model.forget_written(&id, Part::DomainDefault),
        }
        Ok(())
    }

    fn drop_domain_not_null(&mut self, domain: &QualifiedName) -> Elaborated<()> {
        let (id, mut found) = self.domain(domain)?;
        if let Some(constraint) = found.not_null_name.take() {
            self.take_domain_constraint_comment(domain, &constraint);
        }
        found.not_null = false;
        self.edit_payload(&id, Payload::Domain(found))
    }

    fn take_domain_constraint_comment(&mut self, domain: &QualifiedName, constraint: &Name) {
        let on = FactId::DomainConstraint(domain.clone(), constraint.clone());
        self.model.take(&FactId::Comment(Box::new(on)));
    }

    fn add_domain_constraint(&mut self, domain: &QualifiedName, raw: Option<&Node>) -> Elaborated<()> {
        let Some(raw) = raw.and_then(constraint_of) else {
            return Err(Problem::internal("a constraint without a definition"));
        };
        match constraint_type(raw) {
            ConstrType::ConstrCheck => self.add_domain_check(domain, raw, !raw.skip_validation),
            ConstrType::ConstrNotnull if self.model.major() >= Major::V17 => {
                if self.domain(domain)?.1.not_null {
                    return Ok(());
                }
                self.name_domain_not_null(domain, &raw.conname)
            }
            ConstrType::ConstrNotnull => Err(Problem::invalid("42601", "syntax error at or near \"NOT\"")
                .detail("Servers before 17 have no not-null constraints of domains.")
                .hint("Write ALTER DOMAIN … SET NOT NULL.")
                .at(raw.location)),
            _ => Err(Problem::unsupported("this constraint of a domain").at(raw.location)),
        }
    }

    fn drop_domain_constraint(&mut self, domain: &QualifiedName, given: &str, missing_ok: bool) -> Elaborated<()> {
        let constraint = name(given)?;
        let id = FactId::DomainConstraint(domain.clone(), constraint.clone());
        if self.model.contains(&id) {
            self.take_domain_constraint_comment(domain, &constraint);
            self.model.take(&id);
            return Ok(());
        }
        if self.domain_constraint_exists(domain, &constraint) {
            return self.drop_domain_not_null(domain);
        }
        if missing_ok { Ok(()) } else { Err(self.no_domain_constraint(domain, &constraint)) }
    }

    /// There is no such constraint.
    pub(super) fn no_domain_constraint(&self, domain: &QualifiedName, constraint: &Name) -> Box<Problem> {
        Problem::undefined(
            "42704",
            format!("constraint \"{}\" of domain \"{}\" does not exist", constraint.as_str(), domain.name.as_str()),
            constraint.as_str(),
        )
    }

    fn validate_domain_constraint(&mut self, domain: &QualifiedName, given: &str) -> Elaborated<()> {
        let constraint = name(given)?;
        let id = FactId::DomainConstraint(domain.clone(), constraint.clone());
        match self.model.fact(&id).map(|fact| fact.payload.clone()) {
            Some(Payload::DomainConstraint(found)) => {
                self.edit_payload(&id, Payload::DomainConstraint(DomainConstraint { validated: true, ..found }))
            }
            _ if self.domain_constraint_exists(domain, &constraint) => Err(Problem::invalid(
                "42809",
                format!(
                    "constraint \"{}\" of domain \"{}\" is not a check constraint",
                    constraint.as_str(),
                    domain.name.as_str()
                ),
            )),
            _ => Err(self.no_domain_constraint(domain, &constraint)),
        }
    }

    /// Renames the not-null of a domain, if that is what has the name; whether any constraint may be renamed so is checked here.
    pub(super) fn rename_domain_not_null(
        &mut self,
        domain: &QualifiedName,
        old: &Name,
        new: &Name,
    ) -> Elaborated<bool> {
        if !self.domain_constraint_exists(domain, old) {
            return Err(self.no_domain_constraint(domain, old));
        }
        if self.domain_constraint_exists(domain, new) {
            return Err(Problem::duplicate(
                "42710",
                format!("constraint \"{}\" for domain \"{}\" already exists", new.as_str(), domain.name.as_str()),
            ));
        }
        let (id, found) = self.domain(domain)?;
        if found.not_null_name.as_ref() != Some(old) {
            return Ok(false);
        }
        self.edit_payload(&id, Payload::Domain(Domain { not_null_name: Some(new.clone()), ..found }))?;
        Ok(true)
    }
}

/// The constraint that a node is.
fn constraint_of(node: &Node) -> Option<&Constraint> {
    match &node.node {
        Some(NodeEnum::Constraint(constraint)) => Some(constraint),
        _ => None,
    }
}
