//! The agent's errors as failures of a command.

use pgseal_catalog::{Exit, Failure};

use crate::apply::ApplyError;
use crate::capture::CaptureError;
use crate::connect::ConnectError;

fn with_hint(failure: Failure, hint: Option<&str>) -> Failure {
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Failure {
        with_hint(Failure::from_error(error.exit_code(), &error).with_code(error.code()), error.hint())
    }
}

impl From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Failure {
        with_hint(Failure::from_error(Exit::Environment, &error).with_code(error.code()), error.hint())
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Failure {
        let failure = Failure::from_error(error.exit_code(), &error).with_code(error.code());
        let failure = error.detail().into_iter().fold(failure, Failure::with_detail);
        with_hint(failure, error.hint())
    }
}
