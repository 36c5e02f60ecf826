//! What queries are printed for: views, rules, and the bodies of functions.
//!
//! Follows `make_viewdef`, `make_ruledef` and `print_function_sqlbody`, ruleutils.c (PG 15, 18).

use std::rc::Rc;

use super::layout::{INDENT_STD, Layout};
use super::namespace::Namespace;
use super::query::Around;
use super::{DeparseError, Implicit, Printer, Scope};
use crate::env::{Env, Major, Oid};
use crate::tree::{CommandType, Expr, Query, RangeTblEntry, RteKind, on_stack_for, on_stack_for_query};

/// The text of a view's query, as `pg_get_viewdef(oid)` gives it: with a space in front and a semicolon behind.
///
/// # Errors
///
/// When the tree names an object that the environment lacks.
pub fn deparse_view(env: &Env, query: &Query) -> Result<String, DeparseError> {
    let printed = on_stack_for_query(query, || {
        let mut printer = Printer::new(env, Scope::Nothing);
        let outputs = query.target_list.iter().filter(|target| !target.junk);
        let names = outputs.map(|target| target.name.as_deref().unwrap_or_default()).collect();
        // until 15, the rows of the view's own rule were part of its query
        let reserved: &[&str] = if env.major() < Major::V16 { &["old", "new"] } else { &[] };
        printer.query(query, Around { view: Some(Rc::new(names)), names_matter: true, reserved })?;
        printer.push(";");
        Ok(printer.out)
    });
    printed.unwrap_or(Err(DeparseError::TooDeep))
}

/// What a rule is fired by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleEvent {
    /// `SELECT`.
    Select,
    /// `UPDATE`.
    Update,
    /// `INSERT`.
    Insert,
    /// `DELETE`.
    Delete,
}

/// A rule: `old` and `new` are the first two entries of the range table of each action, or of the query that an `INSERT` has
/// its rows from.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    /// Its name.
    pub name: &'a str,
    /// The table that it is on.
    pub relation: Oid,
    /// What fires it.
    pub event: RuleEvent,
    /// `WHERE`.
    pub condition: Option<&'a Expr>,
    /// `INSTEAD`.
    pub instead: bool,
    /// What it does.
    pub actions: &'a [Query],
}

/// The text of a rule, as `pg_get_ruledef(oid)` gives it.
///
/// # Errors
///
/// When the tree names an object that the environment lacks.
pub fn deparse_rule(env: &Env, rule: &Rule<'_>) -> Result<String, DeparseError> {
    let relation =
        env.relation_by_oid(rule.relation).ok_or(DeparseError::Missing { kind: "relation", oid: rule.relation })?;
    let event = match rule.event {
        RuleEvent::Select => "SELECT",
        RuleEvent::Update => "UPDATE",
        RuleEvent::Insert => "INSERT",
        RuleEvent::Delete => "DELETE",
    };
    let mut out = format!(
        "CREATE RULE {} AS\n    ON {event} TO {}",
        env.quote_ident(rule.name),
        env.quote_qualified(Some(relation.schema.as_str()), &relation.name)
    );
    let texts = rule_texts(env, rule)?;
    if let Some(text) = texts.condition {
        out.push_str("\n   WHERE");
        out.push_str(if text.starts_with('\n') { "" } else { " " });
        out.push_str(&text);
    }
    out.push_str(if rule.instead { " DO INSTEAD " } else { " DO " });
    let several = rule.actions.len() > 1;
    if several {
        out.push('(');
    }
    for text in texts.actions {
        if text.starts_with('\n') {
            out.truncate(out.trim_end_matches(' ').len());
        }
        out.push_str(&text);
        out.push_str(if several { ";\n" } else { ";" });
    }
    if several {
        out.push_str(");");
    }
    Ok(out)
}

/// The texts that a rule is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTexts {
    /// `WHERE`.
    pub condition: Option<String>,
    /// What it does; none for `NOTHING`.
    pub actions: Vec<String>,
}

/// The condition and the actions of a rule as `pg_get_ruledef(oid)` prints them, without blanks around them.
///
/// # Errors
///
/// When the tree names an object that the environment lacks.
pub fn deparse_rule_texts(env: &Env, rule: &Rule<'_>) -> Result<RuleTexts, DeparseError> {
    let texts = rule_texts(env, rule)?;
    let trimmed = |text: String| text.trim().to_owned();
    let nothing = |action: &Query| action.command == CommandType::Nothing;
    Ok(RuleTexts {
        condition: texts.condition.map(trimmed),
        actions: match rule.actions {
            [only] if nothing(only) => Vec::new(),
            _ => texts.actions.into_iter().map(trimmed).collect(),
        },
    })
}

fn rule_texts(env: &Env, rule: &Rule<'_>) -> Result<RuleTexts, DeparseError> {
    let condition = rule.condition.map(|condition| rule_condition(env, condition, rule.actions)).transpose()?;
    let mut actions = Vec::with_capacity(rule.actions.len());
    for action in rule.actions {
        let text = on_stack_for_query(action, || {
            let mut printer = Printer::new(env, Scope::Nothing);
            printer.query(action, Around::named())?;
            Ok(printer.out)
        });
        actions.push(text.unwrap_or(Err(DeparseError::TooDeep))?);
    }
    Ok(RuleTexts { condition, actions })
}

fn rule_condition(env: &Env, condition: &Expr, actions: &[Query]) -> Result<String, DeparseError> {
    // the rows of the rule have their names in the first action
    let first = actions.first().map(|action| match (action.command, action.rtable.iter().find_map(subquery_of)) {
        (CommandType::Insert, Some(source)) if source.rtable.first().is_some_and(|entry| !entry.in_from) => source,
        _ => action,
    });
    let printed = on_stack_for(condition, || {
        let mut printer = Printer::new(env, Scope::Nothing);
        printer.indent = INDENT_STD;
        match first.filter(|query| !query.rtable.is_empty()) {
            Some(query) => {
                printer.context.prefix = query.rtable.len() != 1;
                printer.enter(query, &[]);
            }
            None => printer = Printer::new(env, Scope::Trigger),
        }
        printer.context.names_matter = true;
        printer.expr(condition, Implicit::Hidden)?;
        Ok(printer.out)
    });
    printed.unwrap_or(Err(DeparseError::TooDeep))
}

fn subquery_of(entry: &RangeTblEntry) -> Option<&Query> {
    match &entry.kind {
        RteKind::Subquery(query) => Some(query),
        RteKind::Relation(_)
        | RteKind::NamedRelation(_)
        | RteKind::Join(_)
        | RteKind::Function(_)
        | RteKind::TableFunc(_)
        | RteKind::Values(_)
        | RteKind::Cte(_) => None,
    }
}

/// How the body of a function was written.
#[derive(Debug, Clone, Copy)]
pub enum FunctionBody<'a> {
    /// `RETURN expression`.
    Return(&'a Query),
    /// `BEGIN ATOMIC … END`.
    Atomic(&'a [Query]),
}

/// The text of a function's body, as `pg_get_function_sqlbody(oid)` gives it. `arguments` are the names of all parameters, empty
/// for one without a name.
///
/// # Errors
///
/// When the tree names an object that the environment lacks.
pub fn deparse_function_body(
    env: &Env,
    function: &str,
    arguments: &[String],
    body: FunctionBody<'_>,
) -> Result<String, DeparseError> {
    let statement = |query: &Query, layout: Layout, indent: i32| {
        let printed = on_stack_for_query(query, || {
            let mut printer = Printer::new(env, Scope::Nothing);
            printer.namespaces.push(Namespace::Function(function, arguments));
            printer.layout = layout;
            printer.indent = indent;
            printer.query(query, Around::unnamed())?;
            Ok(printer.out)
        });
        printed.unwrap_or(Err(DeparseError::TooDeep))
    };
    match body {
        FunctionBody::Return(query) => statement(query, Layout::Plain, 0),
        FunctionBody::Atomic(queries) => {
            let mut out = String::from("BEGIN ATOMIC\n");
            for query in queries {
                out.push_str(&statement(query, Layout::Lines, 1)?);
                out.push_str(";\n");
            }
            out.push_str("END");
            Ok(out)
        }
    }
}
