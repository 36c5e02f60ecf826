//! The queries that facts hold, as trees: of views and materialized views, rules, policies, and bodies in the syntax of the
//! standard.
//!
//! A server keeps the tree and prints it with the names of the moment. Here the stored text is analysed as things are called
//! now, so that it can be printed as they are called, or stand, later. A tree whose own print is not the stored text is none;
//! what the user wrote is then read instead, where it is known: some of what servers print (`IN` over `varchar`) they print
//! otherwise once they have read it again.

use pg_query::NodeEnum;
use pg_query::protobuf::{CreateFunctionStmt, Node, RuleStmt};
use pgseal_catalog::facts::{Body, Expression, Payload, Rule};
use pgseal_catalog::{Fact, FactId, Name, QualifiedName};

use super::error::{Elaborated, Problem};
use super::function_sql_body::called;
use super::model::{Model, Part};
use crate::analyze::{self, AnalyzedRule, SqlBody};
use crate::deparse::{
    self, FunctionBody, Scope, deparse_expression, deparse_function_body, deparse_rule_texts, deparse_view,
};
use crate::env::{Env, Oid, SearchPath};
use crate::render::{Renderer, rule_event_word};
use crate::tree::{CommandType, Expr, Query, Renumbering, SubLink, with_column_names};

/// The trees of a fact's texts.
#[derive(Debug)]
pub(super) enum StoredQuery {
    /// Of a view or a materialized view.
    View(Box<Query>),
    /// A rule, whether it is done instead.
    Rule(AnalyzedRule, bool),
    /// The body of a function.
    Body(SqlBody),
    /// The expressions of a policy, and the table that it is on.
    Policy(Oid, Vec<(Part, Expr)>),
}

/// Texts of a fact, by part.
pub(super) type Texts = Vec<(Part, String)>;

/// Whether a fact holds a whole query, as a server prints it.
pub(super) fn holds_query(payload: &Payload) -> bool {
    // a subquery starts behind a parenthesis and a blank; a literal that looks like that does no harm
    let has_subquery = |text: &Option<Expression>| text.as_ref().is_some_and(|text| text.as_str().contains("( "));
    match payload {
        Payload::View(_) | Payload::MaterializedView(_) | Payload::Rule(_) => true,
        Payload::Function(function) | Payload::Procedure(function) => matches!(function.body, Body::Sql(_)),
        Payload::Policy(policy) => has_subquery(&policy.using) || has_subquery(&policy.check),
        _ => false,
    }
}

/// The texts of a fact that its trees stand for.
pub(super) fn stored_texts(payload: &Payload) -> Texts {
    let is_query = |part: &Part| {
        matches!(part, Part::Query | Part::Condition | Part::Action(_) | Part::Body | Part::Using | Part::WithCheck)
    };
    let all = crate::diff::expressions(payload).into_iter();
    all.filter(|(part, _)| is_query(part)).map(|(part, text)| (part, text.0)).collect()
}

/// Gives a fact other texts.
pub(super) fn set_texts(payload: &mut Payload, texts: &Texts) {
    for (part, text) in crate::diff::expressions_mut(payload) {
        if let Some((_, new)) = texts.iter().find(|(of, _)| *of == part) {
            new.clone_into(&mut text.0);
        }
    }
}

impl Model {
    /// The trees of a fact that holds queries; none where its texts do not come back from them.
    pub(super) fn stored_query(&self, fact: &Fact) -> Option<StoredQuery> {
        let comes_back = |found: &StoredQuery| {
            found.texts(&self.env, &fact.id, &fact.payload).is_some_and(|texts| texts == stored_texts(&fact.payload))
        };
        let stored = self.analyzed(fact, &SearchPath::empty()).filter(comes_back);
        stored.or_else(|| {
            let (written, path) = self.as_written(fact)?;
            self.analyzed(&written, &path).filter(comes_back)
        })
    }

    /// A fact with what the user wrote in place of its texts, and the search path that it was written under; none where that is
    /// not known of one of them.
    fn as_written(&self, fact: &Fact) -> Option<(Fact, SearchPath)> {
        let mut path = None;
        let mut texts = Texts::new();
        for (part, _) in stored_texts(&fact.payload) {
            let written = self.written(&fact.id, part)?;
            texts.push((part, written.sql()?));
            if *path.get_or_insert(&written.search_path) != &written.search_path {
                return None;
            }
        }
        let path = SearchPath::new(path?.iter().map(|name| name.as_str().to_owned()));
        let mut fact = fact.clone();
        set_texts(&mut fact.payload, &texts);
        Some((fact, path))
    }

    /// What the texts of a fact mean under a search path.
    fn analyzed(&self, fact: &Fact, path: &SearchPath) -> Option<StoredQuery> {
        let view = |query: &Expression, columns: Vec<&Name>| {
            let aliases: Vec<String> = columns.into_iter().map(|name| name.as_str().to_owned()).collect();
            let raw = analyze::parse_statement_text(query.as_str()).ok()?;
            let query = analyze::analyze_view_query(&self.env, path, &raw, &aliases).ok()?;
            Some(StoredQuery::View(Box::new(query)))
        };
        match (&fact.id, &fact.payload) {
            (_, Payload::View(found)) => view(&found.query, found.columns.iter().map(|c| &c.name).collect()),
            (_, Payload::MaterializedView(found)) => {
                view(&found.query, found.columns.iter().map(|c| &c.name).collect())
            }
            (FactId::Rule(on, _) | FactId::ViewRule(on, _), Payload::Rule(rule)) => {
                let raw = self.rule_statement(on, rule).ok()?;
                let made = analyze::analyze_rule(&self.env, path, &raw).ok()?;
                Some(StoredQuery::Rule(made, rule.instead))
            }
            (
                FactId::Function(routine) | FactId::Procedure(routine),
                Payload::Function(function) | Payload::Procedure(function),
            ) => {
                let Body::Sql(text) = &function.body else { return None };
                let raw = body_statement(text.as_str()).ok()?;
                let (parameters, result) = self.body_context(&routine.name, function);
                let body =
                    analyze::analyze_function_body(&self.env, path, raw.sql_body.as_deref()?, &parameters, &result);
                Some(StoredQuery::Body(body.ok()?))
            }
            (FactId::Policy(table, _), Payload::Policy(policy)) => {
                let row = self.relation_row(table)?;
                let mut parts = Vec::new();
                for (part, text) in [(Part::Using, &policy.using), (Part::WithCheck, &policy.check)] {
                    let Some(text) = text else { continue };
                    let raw = analyze::parse_expr_text(text.as_str()).ok()?;
                    parts.push((part, analyze::cook_policy(&self.env, path, row, &raw).ok()?));
                }
                Some(StoredQuery::Policy(row.oid, parts))
            }
            _ => None,
        }
    }

    /// The statement that makes a rule of these texts.
    pub(super) fn rule_statement(&self, on: &QualifiedName, rule: &Rule) -> Elaborated<RuleStmt> {
        let mut sql =
            format!("CREATE RULE r AS ON {} TO {}", rule_event_word(rule.event), Renderer::new(self).qualified(on));
        if let Some(condition) = &rule.condition {
            sql.push_str(&format!(" WHERE {}", condition.as_str()));
        }
        sql.push_str(if rule.instead { " DO INSTEAD " } else { " DO ALSO " });
        let actions: Vec<&str> = rule.actions.iter().map(Expression::as_str).collect();
        sql.push_str(&match actions.as_slice() {
            [] => "NOTHING".to_owned(),
            [action] => (*action).to_owned(),
            several => format!("({})", several.join(";\n")),
        });
        match analyze::parse_statement_text(&sql).map_err(Box::<Problem>::from)?.node {
            Some(NodeEnum::RuleStmt(raw)) => Ok(*raw),
            _ => Err(Problem::internal("no rule")),
        }
    }
}

/// A statement that makes a function with that body.
pub(super) fn body_statement(text: &str) -> Elaborated<CreateFunctionStmt> {
    let statement: Node =
        analyze::parse_statement_text(&format!("CREATE FUNCTION f() RETURNS integer LANGUAGE sql {text}"))
            .map_err(Box::<Problem>::from)?;
    match statement.node {
        Some(NodeEnum::CreateFunctionStmt(create)) if create.sql_body.is_some() => Ok(*create),
        _ => Err(Problem::internal("no body")),
    }
}

impl StoredQuery {
    /// The texts that a server prints where names mean that, for a fact of that id.
    pub(super) fn texts(&self, env: &Env, id: &FactId, payload: &Payload) -> Option<Texts> {
        match self {
            Self::View(query) => {
                let text = deparse_view(env, query).ok()?;
                Some(vec![(Part::Query, text.strip_suffix(';').unwrap_or(&text).to_owned())])
            }
            Self::Rule(made, instead) => {
                let printed = deparse::Rule {
                    name: "r",
                    relation: made.relation,
                    event: match made.event {
                        CommandType::Insert => deparse::RuleEvent::Insert,
                        CommandType::Delete => deparse::RuleEvent::Delete,
                        _ => deparse::RuleEvent::Update,
                    },
                    condition: made.condition.as_ref(),
                    instead: *instead,
                    actions: &made.actions,
                };
                let texts = deparse_rule_texts(env, &printed).ok()?;
                let condition = texts.condition.map(|text| (Part::Condition, text));
                Some(condition.into_iter().chain((0_u16..).map(Part::Action).zip(texts.actions)).collect())
            }
            Self::Body(body) => {
                let (
                    FactId::Function(routine) | FactId::Procedure(routine),
                    Payload::Function(function) | Payload::Procedure(function),
                ) = (id, payload)
                else {
                    return None;
                };
                let names: Vec<String> = function.arguments.iter().map(|argument| called(&argument.name)).collect();
                let body = match body {
                    SqlBody::Return(query) => FunctionBody::Return(query),
                    SqlBody::Atomic(queries) => FunctionBody::Atomic(queries),
                };
                let text = deparse_function_body(env, routine.name.name.as_str(), &names, body).ok()?;
                Some(vec![(Part::Body, text)])
            }
            Self::Policy(table, parts) => {
                let row = env.relation_by_oid(*table)?;
                let column = |number| row.column_by_number(number).map(|column| column.name.as_str().to_owned());
                let print = |expr: &Expr| {
                    let expr = with_column_names(expr.clone(), &column)?;
                    deparse_expression(env, Scope::Relation(&row.name), &expr).ok()
                };
                parts.iter().map(|(part, expr)| Some((*part, print(expr)?))).collect()
            }
        }
    }

    /// Its queries, the outermost ones.
    pub(super) fn queries(&self) -> Vec<&Query> {
        match self {
            Self::View(query) => vec![query],
            Self::Rule(made, _) => {
                let mut out: Vec<&Query> = made.actions.iter().collect();
                out.extend(made.condition.iter().flat_map(queries_in));
                out
            }
            Self::Body(SqlBody::Return(query)) => vec![query],
            Self::Body(SqlBody::Atomic(queries)) => queries.iter().collect(),
            Self::Policy(_, parts) => parts.iter().flat_map(|(_, expr)| queries_in(expr)).collect(),
        }
    }

    /// Its statements, where it consists of such.
    pub(super) fn statements_mut(&mut self) -> Vec<&mut Query> {
        match self {
            Self::View(query) => vec![query],
            Self::Rule(made, _) => made.actions.iter_mut().collect(),
            Self::Body(SqlBody::Return(query)) => vec![query],
            Self::Body(SqlBody::Atomic(queries)) => queries.iter_mut().collect(),
            Self::Policy(..) => Vec::new(),
        }
    }

    /// The same over tables whose columns stand at other places; none where there is no room for it.
    pub(super) fn renumbered(self, renumbering: &Renumbering) -> Option<Self> {
        let all =
            |queries: Vec<Query>| queries.into_iter().map(|query| renumbering.query(query)).collect::<Option<_>>();
        Some(match self {
            Self::View(query) => Self::View(Box::new(renumbering.query(*query)?)),
            Self::Rule(made, instead) => {
                let condition = match made.condition {
                    Some(condition) => Some(renumbering.expression(made.relation, condition)?),
                    None => None,
                };
                Self::Rule(AnalyzedRule { condition, actions: all(made.actions)?, ..made }, instead)
            }
            Self::Body(SqlBody::Return(query)) => Self::Body(SqlBody::Return(Box::new(renumbering.query(*query)?))),
            Self::Body(SqlBody::Atomic(queries)) => Self::Body(SqlBody::Atomic(all(queries)?)),
            Self::Policy(table, parts) => {
                let parts = parts.into_iter().map(|(part, expr)| Some((part, renumbering.expression(table, expr)?)));
                Self::Policy(table, parts.collect::<Option<_>>()?)
            }
        })
    }
}

fn queries_in(expr: &Expr) -> Vec<&Query> {
    let mut out = Vec::new();
    expr.visit(&mut |e| {
        if let Expr::SubLink(SubLink { query, .. }) = e {
            out.push(&**query);
        }
    });
    out
}
