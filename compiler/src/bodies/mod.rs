//! Bodies of functions and procedures that are strings: what they name, and what is wrong with them.
//!
//! To Postgres such a body is a string: nothing of this is part of a fact, a need or a fingerprint. What a body names orders a plan
//! where nothing else does (`plan/soft.rs`), and what is wrong with a new or changed body is a warning, never an error. The
//! search path of a function without one of its own is only known when it runs: a name without a schema is taken to mean
//! whatever has it in any schema.
//!
//! Owns the reading of `LANGUAGE sql` (the grammar's) and `LANGUAGE plpgsql` (`plpgsql`); other languages are not looked into.
//! A body costs a parse, so only those are read that a plan touches or a statement of it may run.
//!
//! `plan` and `diff` warn about the bodies of a schema that the other side does not have. `dump` warns about none: it repeats what a
//! database already holds, there is no file in which to point at the place, and whoever plans with it changes no body.

mod names;
mod plpgsql;
mod sql;
mod warn;

use std::collections::BTreeSet;

use pg_query::protobuf::ParseResult;
use pgseal_catalog::facts::{Body, Function, Payload};
use pgseal_catalog::{FactId, Routine};

use self::names::{NameKind, Named, Names, names};
use self::plpgsql::{Fragment, FragmentKind, folded};
use crate::elaborate::Model;
use crate::env::{Env, Oid};
use crate::grammar::{self, GrammarError};
use crate::stack::on_large;
use crate::syntax::lex::Lexer;

pub(crate) use self::warn::may_point_at;
pub use self::warn::warnings;

/// The languages whose bodies are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Sql,
    PlPgSql,
}

/// The body of a routine that is a string in a language that is read.
fn string_body(function: &Function) -> Option<(Language, &str)> {
    let language = match function.language.as_str() {
        "sql" => Language::Sql,
        "plpgsql" => Language::PlPgSql,
        _ => return None,
    };
    match &function.body {
        Body::Source(text) => Some((language, text)),
        Body::Library { .. } | Body::Sql(_) => None,
    }
}

/// The routine of an id.
fn routine<'m>(model: &'m Model, id: &FactId) -> Option<&'m Function> {
    match &model.fact(id)?.payload {
        Payload::Function(function) | Payload::Procedure(function) => Some(function),
        _ => None,
    }
}

/// What a body names, as far as it can be read.
#[derive(Debug, Default)]
struct BodyNames {
    /// What is used, with bytes of the body.
    used: Vec<Named>,
    /// What may be made in the body.
    made: BTreeSet<String>,
    /// Columns whose types are taken.
    columns: Vec<TypedColumn>,
}

/// `relation.column%TYPE`.
#[derive(Debug)]
struct TypedColumn {
    relation: Named,
    column: String,
}

impl BodyNames {
    fn of(language: Language, body: &str, called: &Routine, function: &Function) -> Self {
        match language {
            Language::Sql => grammar::parse(body).map(|parsed| Self::of_tree(&parsed.protobuf)).unwrap_or_default(),
            Language::PlPgSql => Self::of_plpgsql(body, called, function),
        }
    }

    fn of_tree(tree: &ParseResult) -> Self {
        let Names { used, made } = names(tree);
        Self { used, made, columns: Vec::new() }
    }

    fn of_plpgsql(body: &str, called: &Routine, function: &Function) -> Self {
        let reading = plpgsql::read(body);
        let mut out = Self::default();
        let mut variables = reading.variables;
        let arguments = function.arguments.iter().filter_map(|argument| argument.name.as_ref());
        variables.extend(arguments.map(|name| name.as_str().to_owned()));
        // a trigger's rows, and the function whose name may stand before its parameters
        variables.extend(["new", "old", called.name.name.as_str()].map(str::to_owned));
        for fragment in &reading.fragments {
            if fragment.kind == FragmentKind::Type && fragment.text.contains('%') {
                if let Some((relation, column)) = referenced_type(fragment, &variables) {
                    out.used.push(relation.clone());
                    out.columns.extend(column.map(|column| TypedColumn { relation, column }));
                }
                continue;
            }
            let before = match fragment.kind {
                FragmentKind::Statement => "",
                FragmentKind::Expression => "SELECT ",
                FragmentKind::Type => "SELECT NULL::",
            };
            // what the grammar does not take may only have been cut in the wrong place
            let Ok(parsed) = parse(before, &fragment.text) else { continue };
            let found = Self::of_tree(&parsed.protobuf);
            out.made.extend(found.made);
            out.used.extend(found.used.into_iter().map(|mut named| {
                named.at = named.at.and_then(|at| (at + fragment.at).checked_sub(before.len()));
                named
            }));
        }
        out
    }
}

fn parse(before: &str, text: &str) -> Result<pg_query::ParseResult, GrammarError> {
    if before.is_empty() { grammar::parse(text) } else { grammar::parse(&format!("{before}{text}")) }
}

/// The relation of `table%ROWTYPE` and `table.column%TYPE`, and that column; none for the type of another variable.
fn referenced_type(fragment: &Fragment, variables: &BTreeSet<String>) -> Option<(Named, Option<String>)> {
    let (path, word) = fragment.text.split_once('%')?;
    let mut parts: Vec<String> = Lexer::starting_at(path, 0)
        .filter_map(|token| path.get(token.start..token.end))
        .filter(|token| *token != ".")
        .map(folded)
        .collect();
    let mut column = None;
    if word.trim_start().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("type")) {
        column = parts.pop();
        if parts.len() == 1 && parts.first().is_some_and(|first| variables.contains(first)) {
            return None;
        }
    }
    let name = parts.pop()?;
    Some((Named { kind: NameKind::Relation, schema: parts.pop(), name, at: Some(fragment.at) }, column))
}

/// Everything that a name may mean.
fn meanings(env: &Env, named: &Named) -> Vec<Oid> {
    let name = named.name.as_str();
    let here = |schema: &str| named.schema.as_deref().is_none_or(|wanted| wanted == schema);
    match named.kind {
        NameKind::Relation => {
            env.relations_named(name).filter(|row| here(row.schema.as_str())).map(|row| row.oid).collect()
        }
        NameKind::Function => {
            env.procs_named(name).filter(|row| here(row.schema.as_str())).map(|row| row.oid).collect()
        }
        NameKind::Type => env.types_named(name).filter(|row| here(row.schema.as_str())).map(|row| row.oid).collect(),
    }
}

/// The byte at which a statement names a relation to read rows of, by its bare name; not the one that the statement makes.
pub(crate) fn place_of_relation(statement: &str, relation: &str) -> Option<usize> {
    let found = on_large(|| grammar::parse(statement).map(|parsed| names(&parsed.protobuf).used)).ok()?.ok()?;
    let named = |named: &&Named| named.kind == NameKind::Relation && named.name == relation;
    found.iter().filter(named).filter_map(|named| named.at).next_back()
}

/// The facts that the body of a routine names, none where it has no body that is read.
#[must_use]
pub fn used_by(model: &Model, id: &FactId) -> BTreeSet<FactId> {
    let Some(function) = routine(model, id) else { return BTreeSet::new() };
    let Some((language, body)) = string_body(function) else { return BTreeSet::new() };
    let (FactId::Function(called) | FactId::Procedure(called)) = id else { return BTreeSet::new() };
    let found = on_large(|| BodyNames::of(language, body, called, function).used).unwrap_or_default();
    let oids = found.iter().flat_map(|named| meanings(model.env(), named));
    oids.filter_map(|oid| model.fact_of(oid)).filter(|used| *used != id).cloned().collect()
}
