//! The errors of this crate as failures of a command.

use pgseal_catalog::{Exit, Failure};

use crate::files::FileError;
use crate::key_file::KeyFileError;
use crate::policy::PolicyError;
use crate::refusal::Refusal;
use crate::seal::SealError;
use crate::state::StateError;

fn with_hint(failure: Failure, hint: Option<&str>) -> Failure {
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        with_hint(Failure::from_error(error.exit_code(), &error).with_code(error.code()), error.hint())
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Failure {
        with_hint(Failure::from_error(error.exit_code(), &error).with_code(error.code()), error.hint())
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Failure {
        Failure::from_error(Exit::Refused, &error).with_code(error.code())
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Failure {
        with_hint(Failure::from_error(Exit::Refused, &error).with_code(error.code()), error.hint())
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Failure {
        if let StateError::Refused(refusal) = error {
            return refusal.into();
        }
        with_hint(Failure::from_error(error.exit_code(), &error).with_code(error.code()), error.hint())
    }
}

impl From<Refusal> for Failure {
    fn from(error: Refusal) -> Failure {
        let failure = Failure::from_error(error.exit_code(), &error).with_code(error.code());
        let failure = error.detail().into_iter().fold(failure, Failure::with_detail);
        with_hint(failure, error.hint())
    }
}
