//! What a command says on standard error, and the time it says in its documents.

use std::io::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use pgseal_catalog::{Exit, Failure};
use pgseal_keys::moment;

/// Prints a line on standard error; a closed standard error is no reason to fail.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Now, UTC, to the second, RFC 3339.
pub(super) fn now() -> Result<String, Failure> {
    seconds().map(moment::written)
}

/// Seconds since 1970.
pub(super) fn seconds() -> Result<u64, Failure> {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.map(|since| since.as_secs()).map_err(|_| Failure::new(Exit::Environment, "the clock is before 1970"))
}
