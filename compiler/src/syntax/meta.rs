//! The psql commands that occur in schema files.
//!
//! Includes are carried out; what only talks to the terminal or frames a pg_dump file is passed over; everything else
//! (variables, conditions, connecting elsewhere, `\gexec`) is refused by name, because ignoring it would change what
//! the file means.

/// What a psql command asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MetaCommand {
    /// `\i`, `\include`: the path is relative to the root.
    Include(String),
    /// `\ir`, `\include_relative`: the path is relative to the including file's folder.
    IncludeRelative(String),
    /// Without effect on the schema.
    Ignored,
    /// Refused, with the reason.
    Refused {
        /// The command with its backslash.
        name: String,
        /// Why, or what to do instead.
        hint: &'static str,
    },
}

/// Variables of psql that only change how it behaves, not what the file means.
const HARMLESS_VARIABLES: [&str; 7] =
    ["ECHO", "ECHO_HIDDEN", "ON_ERROR_STOP", "ON_ERROR_ROLLBACK", "QUIET", "SHOW_CONTEXT", "VERBOSITY"];

/// Reads a psql command; `text` starts with the backslash and ends with its line.
pub(crate) fn parse_meta(text: &str) -> MetaCommand {
    let body = text.strip_prefix('\\').unwrap_or(text);
    let name_end = body.find(|c: char| c.is_whitespace() || c == '\\').unwrap_or(body.len());
    let (name, rest) = body.split_at(name_end);
    let arguments = match arguments(rest) {
        Ok(arguments) => arguments,
        Err(hint) => return refused(name, hint),
    };
    match (name, arguments.as_slice()) {
        ("i" | "include", [path]) => MetaCommand::Include(path.clone()),
        ("ir" | "include_relative", [path]) => MetaCommand::IncludeRelative(path.clone()),
        ("i" | "include" | "ir" | "include_relative", _) => refused(name, "name exactly one file"),
        ("restrict" | "unrestrict" | "echo" | "qecho" | "warn" | "timing" | "pset" | "x" | "a" | "t", _) => {
            MetaCommand::Ignored
        }
        ("set", [variable, ..]) if HARMLESS_VARIABLES.contains(&variable.as_str()) => MetaCommand::Ignored,
        ("set" | "unset" | "gset" | "prompt" | "getenv", _) => {
            refused(name, "write values in full: psql variables are not expanded")
        }
        ("encoding", [encoding]) if matches!(encoding.to_ascii_lowercase().as_str(), "utf8" | "utf-8") => {
            MetaCommand::Ignored
        }
        ("encoding", _) => refused(name, "convert the file to UTF-8"),
        ("c" | "connect", _) => {
            refused(name, "one plan is for one database: put each database's schema in files of its own")
        }
        ("if" | "elif" | "else" | "endif", _) => refused(name, "keep conditional parts in files of their own"),
        ("g" | "gx" | "gexec" | "gdesc" | "crosstabview" | ";", _) => refused(name, "end statements with a semicolon"),
        ("copy", _) => refused(name, "rows are not part of a schema: remove the command"),
        _ => refused(name, "remove the command"),
    }
}

fn refused(name: &str, hint: &'static str) -> MetaCommand {
    MetaCommand::Refused { name: format!("\\{name}"), hint }
}

/// Splits arguments at white space; single quotes hold them together, double quotes too.
fn arguments(text: &str) -> Result<Vec<String>, &'static str> {
    let mut found = Vec::new();
    let mut characters = text.chars().peekable();
    loop {
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        let Some(first) = characters.peek().copied() else { return Ok(found) };
        let mut argument = String::new();
        match first {
            '`' => return Err("the output of a command is not known offline"),
            ':' => return Err("write values in full: psql variables are not expanded"),
            _ => {}
        }
        while let Some(character) = characters.next_if(|c| !c.is_whitespace()) {
            match character {
                quote @ ('\'' | '"') => loop {
                    match characters.next() {
                        None => return Err("close the quote"),
                        Some(c) if c == quote => {
                            // a doubled quote stands for itself
                            if characters.next_if_eq(&quote).is_none() {
                                break;
                            }
                            argument.push(quote);
                        }
                        Some(c) => argument.push(c),
                    }
                },
                '\\' if argument.is_empty() => return Err("put each psql command on a line of its own"),
                other => argument.push(other),
            }
        }
        found.push(argument);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_read() {
        assert_eq!(parse_meta("\\i a.sql"), MetaCommand::Include("a.sql".into()));
        assert_eq!(parse_meta("\\ir  'a b''c.sql' "), MetaCommand::IncludeRelative("a b'c.sql".into()));
        assert_eq!(parse_meta("\\include_relative x/y.sql"), MetaCommand::IncludeRelative("x/y.sql".into()));
    }

    #[test]
    fn what_pg_dump_writes_is_passed_over() {
        assert_eq!(parse_meta("\\restrict kD8"), MetaCommand::Ignored);
        assert_eq!(parse_meta("\\unrestrict kD8"), MetaCommand::Ignored);
        assert_eq!(parse_meta("\\set ON_ERROR_STOP on"), MetaCommand::Ignored);
    }

    #[test]
    fn the_rest_is_refused_by_name() {
        for text in [
            "\\connect x",
            "\\c",
            "\\set a b",
            "\\if true",
            "\\gexec",
            "\\copy t from 'x'",
            "\\i",
            "\\i a b",
            "\\i `cmd`",
            "\\i :file",
            "\\i 'a",
            "\\encoding latin1",
            "\\!",
            "\\",
            "\\echo x \\i y",
        ] {
            assert!(matches!(parse_meta(text), MetaCommand::Refused { .. }), "{text}");
        }
    }
}
