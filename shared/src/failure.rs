//! Why a command did not do what it was asked, printed once, with its causes.

use std::error::Error;
use std::fmt::Write as _;

use crate::canonical::ReadError;
use crate::exit::Exit;
use crate::receipt::ChainError;
use crate::restraint::RestraintError;
use crate::shown::visible;

/// A command's refusal or failure.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    code: Option<&'static str>,
    message: String,
    causes: Vec<String>,
    details: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure with a message in Postgres's voice.
    pub fn new(exit: Exit, message: impl Into<String>) -> Failure {
        Failure { exit, code: None, message: message.into(), causes: Vec::new(), details: Vec::new(), hint: None }
    }

    /// A failure caused by an error: its message, and its sources as causes.
    pub fn from_error(exit: Exit, error: &dyn Error) -> Failure {
        let mut failure = Failure::new(exit, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            // many errors print their source themselves
            if !failure.message.contains(&text) {
                failure.causes.push(text);
            }
            source = cause.source();
        }
        failure
    }

    /// What was read or written when it happened; put in front of the message.
    #[must_use]
    pub fn about(mut self, what: &str) -> Failure {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// Adds a stable code.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Failure {
        self.code = Some(code);
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Failure {
        self.details.push(detail.into());
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// Ends the program in another way.
    #[must_use]
    pub fn with_exit(self, exit: Exit) -> Failure {
        Failure { exit, ..self }
    }

    /// The message, for receipts.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The stable code, where there is one.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        self.code
    }

    /// The facts behind it, a line each.
    #[must_use]
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// The advice, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The text for standard error of a program, ending in a line feed. Each of its lines says what it is of: what comes from a plan or
    /// a database cannot pass for a line of the program's own.
    #[must_use]
    pub fn render(&self, program: &str) -> String {
        let code = self.code.map(|code| format!("[{code}]")).unwrap_or_default();
        let mut out = String::new();
        let mut put = |first: &str, next: &str, text: &str| {
            for (n, line) in visible(text).split('\n').enumerate() {
                let _ = writeln!(out, "{}{line}", if n == 0 { first } else { next });
            }
        };
        put(&format!("{program}: error{code}: "), "  | ", &self.message);
        self.causes.iter().for_each(|cause| put("  cause: ", "  cause: ", cause));
        self.details.iter().for_each(|detail| put("  detail: ", "  detail: ", detail));
        self.hint.iter().for_each(|hint| put("  hint: ", "  hint: ", hint));
        out
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        Failure::from_error(Exit::InvalidInput, &error).with_code(error.code())
    }
}

impl From<RestraintError> for Failure {
    fn from(error: RestraintError) -> Failure {
        Failure::from_error(Exit::Refused, &error).with_code(error.code())
    }
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Failure {
        let failure = Failure::from_error(Exit::Refused, &error).with_code(error.code());
        let failure = error.detail().into_iter().fold(failure, Failure::with_detail);
        match error.hint() {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_passes_for_one_of_the_program() {
        let failure = Failure::new(Exit::Usage, "no\napplied: all well").with_detail("d\u{1b}[2J\napplied: all well");
        let said = "pgseal: error: no\n  | applied: all well\n  detail: d\u{FFFD}[2J\n  detail: applied: all well\n";
        assert_eq!(failure.render("pgseal"), said);
    }

    #[test]
    fn everything_is_said_once() {
        let failure =
            Failure::new(Exit::Usage, "no").about("file \"x\"").with_detail("d").with_hint("h").with_code("K1");
        assert_eq!(failure.render("pgseal"), "pgseal: error[K1]: file \"x\": no\n  detail: d\n  hint: h\n");
    }
}
