//! Why a statement cannot be carried out: what a server would say, or what is not covered, with its place.

use crate::diagnostic::{Code, Diagnostic, SqlState, codes};
use crate::env::TypeNameError;
use crate::syntax::Statement;

/// What is wrong with a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The stable code.
    pub code: Code,
    /// What a server would report.
    pub sqlstate: Option<&'static str>,
    /// One line in lower case.
    pub message: String,
    /// Facts.
    pub detail: Option<String>,
    /// Advice.
    pub hint: Option<String>,
    /// A location of the raw tree, -1 where none is known.
    pub location: i32,
    /// The bare name whose appearance may cure it.
    pub missing: Option<String>,
}

/// The result of every step of elaboration.
pub type Elaborated<T> = Result<T, Box<Problem>>;

impl Problem {
    /// A problem with any code.
    pub fn new(code: Code, sqlstate: Option<&'static str>, message: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            code,
            sqlstate,
            message: message.into(),
            detail: None,
            hint: None,
            location: -1,
            missing: None,
        })
    }

    /// A name that does not exist (yet): `name` is the bare name that would have to appear.
    pub fn undefined(sqlstate: &'static str, message: impl Into<String>, name: &str) -> Box<Self> {
        let mut problem = Self::new(codes::UNDEFINED_NAME, Some(sqlstate), message);
        problem.missing = Some(name.to_owned());
        problem
    }

    /// A name that is taken.
    pub fn duplicate(sqlstate: &'static str, message: impl Into<String>) -> Box<Self> {
        Self::new(codes::DUPLICATE_NAME, Some(sqlstate), message)
    }

    /// Anything else that a server refuses.
    pub fn invalid(sqlstate: &'static str, message: impl Into<String>) -> Box<Self> {
        Self::new(codes::INVALID_DEFINITION, Some(sqlstate), message)
    }

    /// What is not covered, by name.
    pub fn unsupported(feature: impl std::fmt::Display) -> Box<Self> {
        Self::new(codes::UNSUPPORTED_FEATURE, None, format!("{feature} is not supported"))
    }

    /// A contradiction of our own.
    pub fn internal(what: impl Into<String>) -> Box<Self> {
        Self::new(codes::INTERNAL, None, what)
    }

    /// Adds facts.
    #[must_use]
    pub fn detail(mut self: Box<Self>, detail: impl Into<String>) -> Box<Self> {
        self.detail = Some(detail.into());
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the place unless one is known.
    #[must_use]
    pub fn at(mut self: Box<Self>, location: i32) -> Box<Self> {
        if self.location < 0 {
            self.location = location;
        }
        self
    }

    /// Says which name would have to appear.
    #[must_use]
    pub fn waits_for(mut self: Box<Self>, name: &str) -> Box<Self> {
        self.missing = Some(name.to_owned());
        self
    }

    /// The diagnostic, with its place in the statement.
    pub fn diagnostic(&self, statement: &Statement) -> Diagnostic {
        let span = if self.location < 0 { statement.first_line() } else { statement.span_at(self.location) };
        let mut diagnostic = Diagnostic::error(self.code, self.message.clone()).at(span);
        if let Some(sqlstate) = self.sqlstate {
            diagnostic = diagnostic.with_sqlstate(SqlState::new(sqlstate));
        }
        if let Some(detail) = &self.detail {
            diagnostic = diagnostic.with_detail(detail.clone());
        }
        if let Some(hint) = &self.hint {
            diagnostic = diagnostic.with_hint(hint.clone());
        }
        diagnostic
    }

    /// From a server's code and words: an undefined name waits for the name that the words hold.
    pub(super) fn from_server(sqlstate: &'static str, message: String) -> Box<Self> {
        match sqlstate {
            "42883" | "42703" | "42704" | "42P01" | "3F000" => {
                let name = missing_name(&message);
                let mut problem = Self::new(codes::UNDEFINED_NAME, Some(sqlstate), message);
                problem.missing = name;
                problem
            }
            _ => Self::invalid(sqlstate, message),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl From<TypeNameError> for Box<Problem> {
    fn from(error: TypeNameError) -> Self {
        match error {
            TypeNameError::UnknownModifier { .. } => {
                Problem::unsupported(error.to_string().replace(" are not supported", ""))
            }
            _ => Problem::from_server(error.sqlstate(), error.to_string()),
        }
    }
}

/// The bare name that a server's words say is missing.
fn missing_name(message: &str) -> Option<String> {
    let last = |text: &str| text.rsplit('.').next().map(|name| name.trim_matches('"').to_owned());
    if let Some(rest) = message.strip_prefix("function ").or_else(|| message.strip_prefix("procedure ")) {
        return last(rest.split('(').next()?);
    }
    if let Some(rest) = message.strip_prefix("operator does not exist: ") {
        return rest.split(' ').find(|word| word.bytes().all(|b| b"+-*/<>=~!@#%^&|`?".contains(&b))).map(str::to_owned);
    }
    let start = message.find('"')? + 1;
    let end = message.get(start..)?.find('"')? + start;
    let quoted = message.get(start..end)?;
    last(quoted.trim_end_matches("[]"))
}

#[cfg(test)]
mod tests {
    use super::missing_name;

    #[test]
    fn the_missing_name_is_found_in_the_words() {
        assert_eq!(missing_name("type \"app.mood\" does not exist").as_deref(), Some("mood"));
        assert_eq!(missing_name("type \"mood[]\" does not exist").as_deref(), Some("mood"));
        assert_eq!(missing_name("function app.f(integer, text) does not exist").as_deref(), Some("f"));
        assert_eq!(missing_name("operator does not exist: text <=> integer").as_deref(), Some("<=>"));
        assert_eq!(missing_name("schema \"app\" does not exist").as_deref(), Some("app"));
    }
}
