//! Rewrite rules: CREATE [OR REPLACE] RULE, their names, and whether they are enabled.
//!
//! Follows `DefineRule`, `InsertRule` and `EnableDisableRule`, rewriteDefine.c, and `RenameRewriteRule` (PG 14 to 18).
//! The rule that a view is (`_RETURN`) is the view; a statement on it is refused.

use pg_query::protobuf::{Node, RangeVar, RenameStmt, RuleStmt};
use pgseal_catalog::facts::{Enabled, Expression, Payload, Rule, RuleEvent};
use pgseal_catalog::{Fact, FactId, Name, Needs, QualifiedName};

use super::error::{Elaborated, Problem};
use super::model::{Model, Part, Written};
use super::names::{name, name_parts};
use super::rewrite::Rewrite;
use super::run::Interpreter;
use crate::analyze;
use crate::deparse::{self, deparse_rule_texts};
use crate::diagnostic::codes;
use crate::env::{RelationKind, SearchPath};
use crate::tree::CommandType;

/// The name of the rule that a view is.
const RETURN: &str = "_RETURN";

impl Model {
    /// What a rule comes to, enabled, and what it uses.
    fn rule_over(&self, path: &SearchPath, raw: &RuleStmt) -> Elaborated<(Rule, Needs)> {
        let env = &self.env;
        let made = analyze::analyze_rule(env, path, raw).map_err(Box::<Problem>::from)?;
        let event = match made.event {
            CommandType::Insert => RuleEvent::Insert,
            CommandType::Update => RuleEvent::Update,
            CommandType::Delete => RuleEvent::Delete,
            _ => return Err(Problem::internal("a rule that nothing fires")),
        };
        let printed = deparse::Rule {
            name: &raw.rulename,
            relation: made.relation,
            event: match event {
                RuleEvent::Insert => deparse::RuleEvent::Insert,
                RuleEvent::Update => deparse::RuleEvent::Update,
                RuleEvent::Delete => deparse::RuleEvent::Delete,
            },
            condition: made.condition.as_ref(),
            instead: raw.instead,
            actions: &made.actions,
        };
        let texts = deparse_rule_texts(env, &printed).map_err(Box::<Problem>::from)?;
        let mut needs = Needs::new();
        for action in &made.actions {
            needs.extend(self.needs_of(&analyze::query_dependencies(env, action))?);
        }
        if let Some(condition) = &made.condition {
            let mut found = analyze::dependencies(env, condition);
            // what a condition names outside of subqueries are the columns of old and new
            let own = std::mem::take(&mut found.columns);
            found.relation_columns.extend(own.into_iter().map(|(_, column)| (made.relation, column)));
            needs.extend(self.needs_of(&found)?);
        }
        let rule = Rule {
            event,
            instead: raw.instead,
            condition: texts.condition.map(Expression),
            actions: texts.actions.into_iter().map(Expression).collect(),
            enabled: Enabled::Origin,
        };
        Ok((rule, needs))
    }

    /// What a text of a rule becomes when the rule is elaborated again.
    pub(super) fn rule_text_again(
        &self,
        id: &FactId,
        on: &QualifiedName,
        part: Part,
        text: &str,
    ) -> Elaborated<String> {
        let Some(Payload::Rule(mut rule)) = self.fact(id).map(|fact| fact.payload.clone()) else {
            return Err(Problem::internal("a text without its rule"));
        };
        *text_of(&mut rule, part)? = Expression(text.to_owned());
        let raw = self.rule_statement(on, &rule)?;
        let (mut again, _) = self.rule_over(&SearchPath::empty(), &raw)?;
        Ok(std::mem::take(&mut text_of(&mut again, part)?.0))
    }
}

fn text_of(rule: &mut Rule, part: Part) -> Elaborated<&mut Expression> {
    let found = match part {
        Part::Condition => rule.condition.as_mut(),
        Part::Action(n) => rule.actions.get_mut(usize::from(n)),
        _ => None,
    };
    found.ok_or_else(|| Problem::internal("no such part of a rule"))
}

impl Interpreter<'_> {
    /// Carries out CREATE RULE.
    pub(super) fn create_rule(&mut self, statement: &RuleStmt) -> Elaborated<()> {
        let Some(range) = &statement.relation else { return Err(Problem::internal("a rule without a relation")) };
        let (on, kind) = self.relation(range)?;
        let rule_name = name(&statement.rulename)?;
        let (mut rule, needs) = self.model.rule_over(&self.path, statement)?;
        let id = self.rule_id(&on, kind, &rule_name).map_err(|p| p.at(range.location))?;
        match self.model.fact(&id).map(|fact| &fact.payload) {
            Some(Payload::Rule(before)) if statement.replace => rule.enabled = before.enabled,
            Some(_) => return Err(rule_exists(&on, &rule_name)),
            None => {}
        }
        let mut fact = Fact::new(id.clone(), Payload::Rule(rule));
        fact.needs = needs;
        self.model.check_merges(&fact)?;
        self.model.check_merges_into(&on, &id)?;
        self.model.put(fact);
        self.model.forget_all_written(&id);
        if let Some(raw) = statement.where_clause.as_deref() {
            self.remember(&id, Part::Condition, raw);
        }
        let search_path: Vec<Name> =
            self.path.explicit().iter().filter_map(|schema| Name::new(schema.as_str()).ok()).collect();
        for (n, raw) in (0_u16..).zip(&statement.actions) {
            if let Some(sql) = analyze::print_raw_statement(raw) {
                self.model.set_written(&id, Part::Action(n), Written::text(sql, search_path.clone()));
            }
        }
        Ok(())
    }

    /// The id of a rule on a table or a view that facts stand for.
    fn rule_id(&self, on: &QualifiedName, kind: RelationKind, rule: &Name) -> Elaborated<FactId> {
        if self.model.view(on).is_some() {
            return Ok(FactId::ViewRule(on.clone(), rule.clone()));
        }
        if kind == RelationKind::View {
            return Err(Problem::unsupported(format!(
                "a statement on view \"{on}\", which an extension owns or which is outside of the scope,"
            )));
        }
        self.require_table(on, kind)?;
        Ok(FactId::Rule(on.clone(), rule.clone()))
    }

    /// The fact of a rule of a relation.
    pub(super) fn rule_address(&self, range: &RangeVar, rule: &Name) -> Elaborated<FactId> {
        let (on, kind) = self.relation(range)?;
        let is_view = matches!(kind, RelationKind::View | RelationKind::MaterializedView);
        if is_view && *rule == *RETURN {
            return Err(Problem::unsupported(format!("a statement on the rule that view \"{on}\" is")));
        }
        match kind {
            RelationKind::View | RelationKind::Table | RelationKind::PartitionedTable => {
                let id = self.rule_id(&on, kind, rule)?;
                if self.model.contains(&id) { Ok(id) } else { Err(no_rule(&on, rule)) }
            }
            _ => Err(no_rule(&on, rule)),
        }
    }

    /// Refuses to drop the rule that a view is.
    pub(super) fn refuse_rule_of_view(&self, object: &Node) -> Elaborated<()> {
        let parts = name_parts(object);
        let Some((rule, owner)) = parts.split_last().filter(|(rule, _)| *rule == RETURN) else { return Ok(()) };
        let Some((on, kind)) = self.find_relation(&Self::range_of(owner)?)? else { return Ok(()) };
        let what = match kind {
            RelationKind::View => "view",
            RelationKind::MaterializedView => "materialized view",
            _ => return Ok(()),
        };
        let whole = format!("{what} {}", on.name.as_str());
        Err(Problem::new(
            codes::DEPENDENTS_EXIST,
            Some("2BP01"),
            format!("cannot drop rule {rule} on {whole} because {whole} requires it"),
        )
        .hint(format!("You can drop {whole} instead.")))
    }

    /// Carries out ALTER RULE … RENAME TO.
    pub(super) fn rename_rule(&mut self, statement: &RenameStmt, new: &Name) -> Elaborated<()> {
        let Some(range) = &statement.relation else { return Err(Problem::internal("RENAME of nothing")) };
        let old = name(&statement.subname)?;
        let (on, kind) = self.relation(range)?;
        if !matches!(kind, RelationKind::View | RelationKind::Table | RelationKind::PartitionedTable) {
            return Err(Problem::invalid("42809", format!("relation \"{}\" cannot have rules", on.name.as_str())));
        }
        if kind == RelationKind::View && old == *RETURN {
            return Err(Problem::invalid("42P17", "renaming an ON SELECT rule is not allowed"));
        }
        let id = self.rule_id(&on, kind, &old)?;
        if !self.model.contains(&id) {
            return Err(no_rule(&on, &old));
        }
        let taken = kind == RelationKind::View && *new == *RETURN;
        if taken || self.model.contains(&self.rule_id(&on, kind, new)?) {
            return Err(rule_exists(&on, new));
        }
        self.apply(&Rewrite { rules: vec![(on, old, new.clone())], ..Rewrite::default() })
    }

    /// ENABLE and DISABLE RULE.
    pub(super) fn enable_rule(&mut self, table: &QualifiedName, rule: &Name, enabled: Enabled) -> Elaborated<()> {
        let Some(mut fact) = self.model.fact(&FactId::Rule(table.clone(), rule.clone())).cloned() else {
            return Err(no_rule(table, rule));
        };
        if let Payload::Rule(rule) = &mut fact.payload {
            rule.enabled = enabled;
        }
        self.model.put(fact);
        Ok(())
    }
}

fn no_rule(on: &QualifiedName, rule: &Name) -> Box<Problem> {
    let message = format!("rule \"{}\" for relation \"{}\" does not exist", rule.as_str(), on.name.as_str());
    Problem::undefined("42704", message, rule.as_str())
}

fn rule_exists(on: &QualifiedName, rule: &Name) -> Box<Problem> {
    let message = format!("rule \"{}\" for relation \"{}\" already exists", rule.as_str(), on.name.as_str());
    Problem::duplicate("42710", message)
}
