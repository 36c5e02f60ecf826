//! Warnings about new and changed bodies, each at its place in the file.
//!
//! No false alarms: a name is reported only when nothing of that name is anywhere in the database to be, and nothing hints at where
//! it might come from — another statement of the body, a temporary table of another routine, a transition table, a text that is
//! executed, an object that is not managed or out of scope.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use pg_query::NodeEnum;
use pgseal_catalog::facts::{Function, Payload};
use pgseal_catalog::snapshot::Scope;
use pgseal_catalog::{FactId, Name, QualifiedName, Routine, Snapshot};

use super::names::{NameKind, Named};
use super::{BodyNames, Language, TypedColumn, meanings, routine, sql, string_body};
use crate::analyze::AnalyzeError;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, SqlState, codes};
use crate::elaborate::Model;
use crate::env::{Env, RelationRow};
use crate::grammar::{self, GrammarError};
use crate::stack::on_large;
use crate::syntax::lex::{Lexer, TokenKind};
use crate::syntax::{SchemaText, Statement, locate};

/// A routine whose body is looked at.
#[derive(Clone, Copy)]
struct Subject<'m> {
    called: &'m Routine,
    function: &'m Function,
    body: &'m str,
}

/// What there is to say of one body.
struct Finding {
    code: Code,
    sqlstate: &'static str,
    message: String,
    detail: Option<String>,
    /// The byte of the body.
    at: Option<usize>,
}

/// Says what is wrong with the bodies that are not in the source database.
#[must_use]
pub fn warnings(
    snapshot: &Snapshot,
    source: &Model,
    desired: &Model,
    text: &SchemaText,
    said: &Diagnostics,
) -> Diagnostics {
    let changed: Vec<(&FactId, &Function)> = desired
        .catalog()
        .iter()
        .filter_map(|fact| match &fact.payload {
            Payload::Function(function) | Payload::Procedure(function) => Some((&fact.id, function)),
            _ => None,
        })
        .filter(|(id, function)| string_body(function).is_some() && routine(source, id) != Some(*function))
        .collect();
    if changed.is_empty() {
        return Diagnostics::new();
    }
    let places = places(text);
    let elsewhere = Elsewhere {
        scope: &snapshot.scope,
        desired,
        members_unknown: said.iter().any(|diagnostic| diagnostic.code == codes::MEMBERS_UNKNOWN),
        unmanaged: unmanaged_words(snapshot, text),
        passing: OnceLock::new(),
    };
    // without room for a large stack there are no warnings, and a plan all the same
    on_large(|| {
        let mut out = Diagnostics::new();
        for (id, function) in changed {
            let statement = place_of(&places, id, function);
            for finding in findings(&elsewhere, id, function, statement) {
                out.push(diagnostic(id, finding, function, statement));
            }
        }
        out
    })
    .unwrap_or_default()
}

fn diagnostic(id: &FactId, finding: Finding, function: &Function, statement: Option<&Statement>) -> Diagnostic {
    let span = statement.map(|statement| {
        let body = string_body(function).map_or("", |(_, body)| body);
        match place_in_statement(statement.text(), body, finding.at.unwrap_or_default()) {
            Some(at) if finding.at.is_some() => statement.span_within(at),
            _ => statement.first_line(),
        }
    });
    let facts = format!(
        "It is in the body of {}, which the server does not look into before it runs: the plan is made all the same.",
        id.in_words()
    );
    let detail = match finding.detail {
        Some(detail) => format!("{detail} {facts}"),
        None => facts,
    };
    Diagnostic::warning(finding.code, finding.message)
        .with_sqlstate(SqlState::new(finding.sqlstate))
        .with_detail(detail)
        .at_opt(span)
}

fn findings(
    elsewhere: &Elsewhere<'_>,
    id: &FactId,
    function: &Function,
    statement: Option<&Statement>,
) -> Vec<Finding> {
    let (Some((language, body)), FactId::Function(called) | FactId::Procedure(called)) = (string_body(function), id)
    else {
        return Vec::new();
    };
    let subject = Subject { called, function, body };
    if language == Language::PlPgSql {
        return missing(elsewhere, subject, &BodyNames::of(language, body, called, function)).unwrap_or_default();
    }
    let parsed = match grammar::parse(body) {
        Ok(parsed) => parsed.protobuf,
        Err(GrammarError::TooDeep) => return Vec::new(),
        Err(GrammarError::Refused(message)) => {
            let at = locate::locate(body, &message).start;
            return vec![Finding {
                code: codes::BODY_UNREADABLE,
                sqlstate: "42601",
                message,
                detail: None,
                at: Some(at),
            }];
        }
    };
    let names = BodyNames::of_tree(&parsed);
    match missing(elsewhere, subject, &names) {
        None => Vec::new(),
        Some(found) if found.is_empty() => {
            let path = statement.map(|statement| statement.settings.search_path.clone()).unwrap_or_default();
            let problem = sql::problem_of(elsewhere.desired, &called.name, function, &parsed, &path);
            problem.and_then(rejection).into_iter().collect()
        }
        Some(found) => found,
    }
}

fn rejection(error: AnalyzeError) -> Option<Finding> {
    let at = error.location().and_then(|at| usize::try_from(at).ok());
    match error {
        AnalyzeError::Rejected(rejected) => Some(Finding {
            code: codes::BODY_REJECTED,
            sqlstate: rejected.sqlstate,
            message: rejected.message,
            detail: rejected.detail,
            at,
        }),
        AnalyzeError::Unsupported(_) => None,
    }
}

/// The names that mean nothing, each once; none when one of them may come from elsewhere, so that there is nothing to be sure of.
fn missing(elsewhere: &Elsewhere<'_>, subject: Subject<'_>, names: &BodyNames) -> Option<Vec<Finding>> {
    let mut seen: BTreeSet<(NameKind, String)> = BTreeSet::new();
    let mut found = Vec::new();
    let mut sure = true;
    let path = fixed_path(subject);
    for named in &names.used {
        if is_there(elsewhere.desired.env(), named, path.as_deref()) || !seen.insert((named.kind, named.shown())) {
            continue;
        }
        if elsewhere.may_hold(named, subject, names) {
            sure = false;
            continue;
        }
        found.push(Finding {
            code: codes::BODY_NAME_UNDEFINED,
            sqlstate: named.kind.undefined(),
            message: format!("{} \"{}\" does not exist", named.kind.in_words(), named.shown()),
            detail: None,
            at: named.at,
        });
    }
    let mut columns: BTreeSet<(String, &str)> = BTreeSet::new();
    for typed in &names.columns {
        let relation = typed.relation.shown();
        if lacks_column(elsewhere.desired.env(), typed) && columns.insert((relation.clone(), &typed.column)) {
            found.push(Finding {
                code: codes::BODY_NAME_UNDEFINED,
                sqlstate: "42703",
                message: format!("column \"{}\" of relation \"{relation}\" does not exist", typed.column),
                detail: None,
                at: typed.relation.at,
            });
        }
    }
    (sure || !found.is_empty()).then_some(found)
}

/// The search path that a function runs with whatever its caller does; none where that is not known.
fn fixed_path(subject: Subject<'_>) -> Option<Vec<String>> {
    let path = sql::own_search_path(subject.function)?;
    let may_change =
        path.iter().any(|schema| schema == "$user") || subject.body.to_ascii_lowercase().contains("search_path");
    (!may_change).then_some(path)
}

/// Whether something of that name is there: in the path, where one is fixed and the name is without a schema, or else anywhere.
fn is_there(env: &Env, named: &Named, path: Option<&[String]>) -> bool {
    match path {
        Some(path) if named.schema.is_none() => {
            let here = path.iter().map(String::as_str).chain(["pg_catalog"]);
            here.into_iter()
                .any(|schema| !meanings(env, &Named { schema: Some(schema.to_owned()), ..named.clone() }).is_empty())
        }
        _ => !meanings(env, named).is_empty(),
    }
}

/// Whether no relation of that name has such a column.
fn lacks_column(env: &Env, typed: &TypedColumn) -> bool {
    let rows: Vec<_> = meanings(env, &typed.relation).into_iter().filter_map(|oid| env.relation_by_oid(oid)).collect();
    let has = |row: &&RelationRow| {
        // of what an extension made, columns need not be known
        row.columns.is_empty() || row.column(&typed.column).is_some() || env.system_column(&typed.column).is_some()
    };
    !rows.is_empty() && !rows.iter().any(has)
}

/// Where names may come from that the schema does not show.
struct Elsewhere<'m> {
    scope: &'m Scope,
    desired: &'m Model,
    members_unknown: bool,
    /// Words in the names of what is not managed.
    unmanaged: BTreeSet<String>,
    /// Temporary relations of any routine, and transition tables of any trigger.
    passing: OnceLock<BTreeSet<String>>,
}

impl Elsewhere<'_> {
    fn may_hold(&self, named: &Named, subject: Subject<'_>, names: &BodyNames) -> bool {
        if names.made.contains(&named.name)
            || self.unmanaged.contains(&named.name)
            || self.members_unknown && named.kind != NameKind::Relation
        {
            return true;
        }
        // called like a function, a type is a cast
        if named.kind == NameKind::Function {
            let as_type = Named { kind: NameKind::Type, ..named.clone() };
            if !meanings(self.desired.env(), &as_type).is_empty() {
                return true;
            }
        }
        match &named.schema {
            Some(schema) => !self.holds(schema, named),
            None if named.kind == NameKind::Relation => {
                self.passing().contains(&named.name)
                    || is_in_a_string(subject.body, &named.name)
                    || self.waits_for_a_trigger(subject)
                    || self.in_schemas_out_of_scope(subject.function)
            }
            None => self.in_schemas_out_of_scope(subject.function),
        }
    }

    /// Whether the schema is one that is managed, so that what is not in the model is nowhere.
    fn holds(&self, schema: &str, named: &Named) -> bool {
        let (Ok(schema), Ok(name)) = (Name::new(schema), Name::new(&named.name)) else { return false };
        if !self.scope.holds_schema(&schema) {
            return false;
        }
        let id = QualifiedName::new(schema, name);
        match named.kind {
            _ if self.scope.ignore.is_empty() => true,
            NameKind::Relation => [FactId::Table, FactId::View, FactId::MaterializedView, FactId::Sequence]
                .into_iter()
                .all(|make| self.scope.holds(&make(id.clone()))),
            NameKind::Function | NameKind::Type => false,
        }
    }

    /// When only some schemas are managed, a name without one may be in another.
    fn in_schemas_out_of_scope(&self, function: &Function) -> bool {
        let own = function.settings.iter().any(|setting| setting.starts_with("search_path="));
        !self.scope.ignore.is_empty() || self.scope.schemas.is_some() && !own
    }

    /// A trigger function that no trigger calls yet may read transition tables of any name.
    fn waits_for_a_trigger(&self, subject: Subject<'_>) -> bool {
        let calls = |payload: &Payload| matches!(payload, Payload::Trigger(t) if t.function == *subject.called);
        subject.function.returns.as_deref() == Some("trigger")
            && !self.desired.catalog().iter().any(|fact| calls(&fact.payload))
    }

    fn passing(&self) -> &BTreeSet<String> {
        self.passing.get_or_init(|| {
            let mut found = BTreeSet::new();
            for fact in self.desired.catalog().iter() {
                match &fact.payload {
                    Payload::Trigger(trigger) => {
                        let tables = [&trigger.old_table, &trigger.new_table].into_iter().flatten();
                        found.extend(tables.map(|name| name.as_str().to_owned()));
                    }
                    Payload::Function(function) | Payload::Procedure(function) => {
                        if let Some((_, body)) = string_body(function) {
                            temporary_relations(body, &mut found);
                        }
                    }
                    _ => {}
                }
            }
            found
        })
    }
}

/// The words behind `TEMP` and `TEMPORARY`: a few too many rather than one too few.
fn temporary_relations(body: &str, found: &mut BTreeSet<String>) {
    let mut after = 0_u8;
    for token in Lexer::starting_at(body, 0) {
        let text = body.get(token.start..token.end).unwrap_or("");
        if token.kind == TokenKind::Dollar || text.starts_with('\'') {
            let inner = text.trim_matches('\'');
            let words = inner.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            if inner.to_ascii_lowercase().contains("temp") {
                found.extend(words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase));
            }
            continue;
        }
        if text.eq_ignore_ascii_case("temp") || text.eq_ignore_ascii_case("temporary") {
            after = 6;
        } else if after > 0 {
            found.insert(super::plpgsql::folded(text));
            after -= 1;
        }
    }
}

fn is_in_a_string(body: &str, name: &str) -> bool {
    Lexer::starting_at(body, 0)
        .filter_map(|token| body.get(token.start..token.end))
        .any(|text| (text.starts_with('\'') || text.starts_with('$')) && text.contains(name))
}

/// The words of what is there and not managed, and of what the schema has and is not managed.
fn unmanaged_words(snapshot: &Snapshot, text: &SchemaText) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut add = |text: &str| {
        let parts = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
        words.extend(parts.filter(|word| !word.is_empty()).map(str::to_owned));
    };
    snapshot.unmodeled.iter().for_each(|other| add(&other.name));
    for other in &text.unmanaged {
        add(other.statement.text().lines().next().unwrap_or(""));
    }
    words
}

/// Whether warnings are placed by the tree of a statement.
pub(crate) fn may_point_at(statement: &NodeEnum) -> bool {
    matches!(statement, NodeEnum::CreateFunctionStmt(_))
}

/// The statements that create routines, by bare name.
fn places(text: &SchemaText) -> BTreeMap<&str, Vec<&Statement>> {
    let mut found: BTreeMap<&str, Vec<&Statement>> = BTreeMap::new();
    for statement in &text.statements {
        if let NodeEnum::CreateFunctionStmt(create) = &statement.node
            && let Some(NodeEnum::String(name)) = create.funcname.last().and_then(|node| node.node.as_ref())
        {
            found.entry(name.sval.as_str()).or_default().push(statement);
        }
    }
    found
}

/// The last statement that gives a routine of that name its body.
fn place_of<'t>(
    places: &BTreeMap<&str, Vec<&'t Statement>>,
    id: &FactId,
    function: &Function,
) -> Option<&'t Statement> {
    let (FactId::Function(called) | FactId::Procedure(called)) = id else { return None };
    let (_, body) = string_body(function)?;
    let all = places.get(called.name.name.as_str())?;
    all.iter().rev().find(|statement| place_in_statement(statement.text(), body, 0).is_some()).copied()
}

/// Where a byte of a body is in the statement that holds it.
fn place_in_statement(statement: &str, body: &str, at: usize) -> Option<usize> {
    let mut after_as = false;
    for token in Lexer::starting_at(statement, 0) {
        let text = statement.get(token.start..token.end)?;
        if after_as && token.kind == TokenKind::Dollar {
            let tag = text.get(1..)?.find('$')? + 2;
            if text.get(tag..text.len().checked_sub(tag)?)? == body {
                return Some(token.start + tag + at);
            }
        }
        if after_as && token.kind == TokenKind::Quoted && text.starts_with('\'') {
            let inner = text.get(1..text.len().checked_sub(1)?)?;
            if inner.replace("''", "'") == body {
                let doubled = body.get(..at)?.matches('\'').count();
                return Some(token.start + 1 + at + doubled);
            }
        }
        if after_as && token.kind == TokenKind::Quoted && text.starts_with(['e', 'E']) && at == 0 {
            return Some(token.start);
        }
        after_as = text.eq_ignore_ascii_case("as");
    }
    None
}
