//! Facts to DDL statements, one file per kind. `dump` and `plan` both speak through it.
//!
//! Every name is written in full, so a statement means the same under any search path; only an expression in the user's own
//! words needs the path that it was read under, which then comes with the statement ([`Sql::search_path`]).

mod aggregate;
mod column;
mod constraint;
mod function;
mod index;
mod policy;
mod rule;
mod sequence;
mod table;
mod trigger;
mod types;
mod view;

use pgseal_catalog::facts::{CollationName, Expression};
use pgseal_catalog::{Catalog, FactId, Name, QualifiedName, Routine};

use crate::elaborate::{Model, Part};
use crate::env::Env;

pub use column::ColumnClauses;
pub(crate) use column::{identity_word, storage_word};
pub(crate) use rule::rule_event_word;
pub(crate) use sequence::options_within;
pub use table::TableFold;

/// One statement, without a semicolon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sql {
    /// Its text.
    pub text: String,
    /// The search path that its expressions were written under; none when it means the same under any.
    pub search_path: Option<Vec<Name>>,
}

/// Renders the facts of one catalog.
#[derive(Clone, Copy)]
pub struct Renderer<'a> {
    model: &'a Model,
    env: &'a Env,
    catalog: &'a Catalog,
}

/// A statement being put together: its text, and the search path that an expression in it asked for.
pub(crate) struct Draft<'a> {
    render: Renderer<'a>,
    text: String,
    path: Option<Vec<Name>>,
}

impl<'a> Renderer<'a> {
    /// A renderer of a model's facts, quoting by the keywords of its major version, in the user's own words for expressions
    /// where there are some.
    #[must_use]
    pub fn new(model: &'a Model) -> Self {
        Self { model, env: model.env(), catalog: model.catalog() }
    }

    pub(crate) fn draft(self, text: impl Into<String>) -> Draft<'a> {
        Draft { render: self, text: text.into(), path: None }
    }

    /// A name, quoted where it must be.
    #[must_use]
    pub fn name(&self, name: &Name) -> String {
        self.env.quote_ident(name.as_str())
    }

    /// A name in its schema.
    #[must_use]
    pub fn qualified(&self, name: &QualifiedName) -> String {
        format!("{}.{}", self.name(&name.schema), self.name(&name.name))
    }

    /// A routine with its input types.
    #[must_use]
    pub fn routine(&self, routine: &Routine) -> String {
        format!("{}({})", self.qualified(&routine.name), routine.arguments.join(", "))
    }

    pub(crate) fn names<'n>(&self, names: impl IntoIterator<Item = &'n Name>) -> String {
        names.into_iter().map(|name| self.name(name)).collect::<Vec<_>>().join(", ")
    }

    pub(crate) fn collate(&self, collation: Option<&CollationName>) -> String {
        collation.map(|name| format!(" COLLATE {}", self.qualified(name))).unwrap_or_default()
    }

    /// What is named after `DROP`, `ALTER` or `COMMENT ON`: kind and name.
    #[must_use]
    pub fn object(&self, id: &FactId) -> String {
        match id {
            FactId::Schema(name) => format!("SCHEMA {}", self.name(name)),
            FactId::Extension(name) => format!("EXTENSION {}", self.name(name)),
            FactId::Enum(name) | FactId::Composite(name) | FactId::Range(name) => {
                format!("TYPE {}", self.qualified(name))
            }
            FactId::Domain(name) => format!("DOMAIN {}", self.qualified(name)),
            FactId::DomainConstraint(domain, name) => {
                format!("CONSTRAINT {} ON DOMAIN {}", self.name(name), self.qualified(domain))
            }
            FactId::Sequence(name) => format!("SEQUENCE {}", self.qualified(name)),
            FactId::Table(name) => format!("TABLE {}", self.qualified(name)),
            FactId::Column(owner, name) | FactId::Attribute(owner, name) | FactId::Default(owner, name) => {
                format!("COLUMN {}.{}", self.qualified(owner), self.name(name))
            }
            FactId::Constraint(table, name) => format!("CONSTRAINT {} ON {}", self.name(name), self.qualified(table)),
            FactId::Index(name) => format!("INDEX {}", self.qualified(name)),
            FactId::Function(routine) => format!("FUNCTION {}", self.routine(routine)),
            FactId::Procedure(routine) => format!("PROCEDURE {}", self.routine(routine)),
            FactId::Aggregate(routine) => format!("AGGREGATE {}", self.aggregate(routine)),
            FactId::Trigger(table, name) => format!("TRIGGER {} ON {}", self.name(name), self.qualified(table)),
            FactId::Policy(table, name) => format!("POLICY {} ON {}", self.name(name), self.qualified(table)),
            FactId::Rule(on, name) | FactId::ViewRule(on, name) => {
                format!("RULE {} ON {}", self.name(name), self.qualified(on))
            }
            FactId::View(name) => format!("VIEW {}", self.qualified(name)),
            FactId::MaterializedView(name) => format!("MATERIALIZED VIEW {}", self.qualified(name)),
            FactId::ViewColumn(owner, name) | FactId::MaterializedViewColumn(owner, name) => {
                format!("COLUMN {}.{}", self.qualified(owner), self.name(name))
            }
            FactId::ViewTrigger(view, name) => format!("TRIGGER {} ON {}", self.name(name), self.qualified(view)),
            FactId::Comment(on) => self.object(on),
        }
    }

    /// `COMMENT ON … IS …`; none removes the comment.
    #[must_use]
    pub fn comment(&self, on: &FactId, text: Option<&str>) -> Sql {
        let text = text.map_or_else(|| "NULL".to_owned(), literal);
        self.plain(format!("COMMENT ON {} IS {text}", self.object(on)))
    }

    /// `COMMENT ON INDEX … IS …` of a constraint's index; none removes the comment.
    #[must_use]
    pub fn comment_on_index(&self, index: &QualifiedName, text: Option<&str>) -> Sql {
        let text = text.map_or_else(|| "NULL".to_owned(), literal);
        self.plain(format!("COMMENT ON INDEX {} IS {text}", self.qualified(index)))
    }

    pub(crate) fn plain(&self, text: String) -> Sql {
        Sql { text, search_path: None }
    }
}

impl Draft<'_> {
    pub(crate) fn push(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.text.push_str(text.as_ref());
        self
    }

    /// Appends an expression: in the user's words when there are some and they can stand in this statement, else as stored.
    pub(crate) fn expression(&mut self, id: &FactId, part: Part, stored: &Expression) -> &mut Self {
        let written = self.render.model.written(id, part);
        let fits = written.filter(|written| self.path.as_ref().is_none_or(|path| *path == written.search_path));
        match fits.and_then(|written| Some((written.sql()?, written))) {
            Some((sql, written)) => {
                self.text.push_str(&sql);
                self.path = Some(written.search_path.clone());
            }
            None => self.text.push_str(stored.as_str()),
        }
        self
    }

    /// Appends an expression where the grammar takes only a restricted one (`DEFAULT` of a column or a domain): between
    /// parentheses, unless it is one word, literal or call.
    pub(crate) fn restricted_expression(&mut self, id: &FactId, part: Part, stored: &Expression) -> &mut Self {
        let start = self.text.len();
        self.expression(id, part, stored);
        if self.text.get(start..).is_some_and(|text| !is_compact(text)) {
            self.text.insert(start, '(');
            self.text.push(')');
        }
        self
    }

    pub(crate) fn done(self) -> Sql {
        Sql { text: self.text, search_path: self.path }
    }
}

/// Whether an expression has no blank outside of quotes and parentheses, and so no operator between words.
fn is_compact(text: &str) -> bool {
    let (mut quote, mut depth) = (None, 0_u32);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, c) if depth == 0 && c.is_whitespace() => return false,
            (None, _) => {}
        }
    }
    true
}

/// A string literal under `standard_conforming_strings = on`.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `WITH (…)` of storage options, with a leading blank; empty without options.
pub(crate) fn with_options(options: &std::collections::BTreeMap<String, String>) -> String {
    if options.is_empty() {
        return String::new();
    }
    format!(" WITH ({})", option_list(options))
}

pub(crate) fn option_list(options: &std::collections::BTreeMap<String, String>) -> String {
    options.iter().map(|(name, value)| format!("{name}={}", option_value(value))).collect::<Vec<_>>().join(", ")
}

/// An option's value: bare when the grammar takes it bare, else as a string.
fn option_value(value: &str) -> String {
    let number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !value.starts_with('.');
    let word = matches!(value, "true" | "false" | "on" | "off" | "auto");
    if number || word { value.to_owned() } else { literal(value) }
}
