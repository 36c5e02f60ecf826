//! How the program ends, and why a command did not do what it was asked: printed once, with its causes.

use std::error::Error;
use std::fmt::Write as _;

use pgseal_catalog::canonical::ReadError;
use pgseal_keys::Refusal;
use pgseal_keys::files::FileError;
use pgseal_keys::key_file::KeyFileError;
use pgseal_keys::policy::PolicyError;
use pgseal_keys::seal::SealError;

use crate::apply::ApplyError;
use crate::capture::CaptureError;
use crate::connect::ConnectError;

/// The exit codes, the same in both programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// The environment failed: a file, the network, the server.
    Environment = 1,
    /// Wrong usage.
    Usage = 2,
    /// Refused: seal or trust policy.
    Refused = 3,
    /// Refused: drift.
    Drift = 4,
    /// A statement failed, rolled back.
    StatementFailed = 5,
    /// The result was not the promised one, rolled back.
    WrongResult = 6,
    /// Lock timeout after all retries, rolled back.
    LockTimeout = 7,
    /// Stopped between phases, resumable.
    Stopped = 8,
    /// The input is invalid.
    InvalidInput = 10,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Takes the number that another crate or module gives a refusal.
    #[must_use]
    pub fn of_number(number: u8) -> Exit {
        match number {
            1 => Exit::Environment,
            2 => Exit::Usage,
            4 => Exit::Drift,
            5 => Exit::StatementFailed,
            6 => Exit::WrongResult,
            7 => Exit::LockTimeout,
            8 => Exit::Stopped,
            10 => Exit::InvalidInput,
            _ => Exit::Refused,
        }
    }
}

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

    /// Adds advice, if there is any.
    #[must_use]
    pub fn with_hint(mut self, hint: Option<&str>) -> Failure {
        self.hint = hint.map(str::to_owned);
        self
    }

    /// The message, for receipts.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The text for standard error, ending in a line feed.
    #[must_use]
    pub fn render(&self) -> String {
        let code = self.code.map(|code| format!("[{code}]")).unwrap_or_default();
        let mut out = format!("pgseal-agent: error{code}: {}\n", self.message);
        for cause in &self.causes {
            let _ = writeln!(out, "  cause: {cause}");
        }
        for detail in &self.details {
            let _ = writeln!(out, "  detail: {detail}");
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(out, "  hint: {hint}");
        }
        out
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        Failure::from_error(Exit::of_number(error.exit_code()), &error).with_code(error.code()).with_hint(error.hint())
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Failure {
        Failure::from_error(Exit::of_number(error.exit_code()), &error).with_code(error.code()).with_hint(error.hint())
    }
}

impl From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Failure {
        Failure::from_error(Exit::Environment, &error).with_code(error.code()).with_hint(error.hint())
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Failure {
        let failure = Failure::from_error(Exit::of_number(error.exit_code()), &error)
            .with_code(error.code())
            .with_hint(error.hint());
        error.detail().into_iter().fold(failure, Failure::with_detail)
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Failure {
        Failure::from_error(Exit::of_number(error.exit_code()), &error).with_code(error.code()).with_hint(error.hint())
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Failure {
        Failure::from_error(Exit::Refused, &error).with_code(error.code())
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Failure {
        Failure::from_error(Exit::Refused, &error).with_code(error.code())
    }
}

impl From<Refusal> for Failure {
    fn from(error: Refusal) -> Failure {
        let failure = Failure::from_error(Exit::of_number(error.exit_code()), &error)
            .with_code(error.code())
            .with_hint(error.hint());
        error.detail().into_iter().fold(failure, Failure::with_detail)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Failure {
        Failure::from_error(Exit::InvalidInput, &error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_said_once() {
        let failure =
            Failure::new(Exit::Usage, "no").about("file \"x\"").with_detail("d").with_hint(Some("h")).with_code("K1");
        assert_eq!(failure.render(), "pgseal-agent: error[K1]: file \"x\": no\n  detail: d\n  hint: h\n");
    }
}
