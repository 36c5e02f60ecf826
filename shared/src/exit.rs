//! How both programs end.

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
    /// The plan was written, but not signed.
    NotSigned = 9,
    /// The input (schema, snapshot, plan) is invalid.
    InvalidInput = 10,
    /// `--detailed-exitcode`: there are changes.
    Changes = 20,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}
