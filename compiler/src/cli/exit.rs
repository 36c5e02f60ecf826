//! How the program ends.

/// The exit codes, the same in both programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// The environment failed: a file, the disk, memory.
    Environment = 1,
    /// Wrong usage.
    Usage = 2,
    /// Refused: seal or trust policy.
    Refused = 3,
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

    /// Takes the number that the keys crate gives a refusal.
    #[must_use]
    pub fn of_keys(number: u8) -> Exit {
        match number {
            1 => Exit::Environment,
            2 => Exit::Usage,
            _ => Exit::Refused,
        }
    }
}
