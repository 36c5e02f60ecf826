//! What a command says on standard error, and the time it says in its documents.

use std::io::{self, Write as _};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use pgseal_catalog::{Exit, Failure};

/// Prints a line on standard error; a closed standard error is no reason to fail.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Now, UTC, to the second, RFC 3339.
pub(super) fn now() -> Result<String, Failure> {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    now.format(&Rfc3339).map_err(|error| Failure::from_error(Exit::Environment, &error).about("the clock"))
}
