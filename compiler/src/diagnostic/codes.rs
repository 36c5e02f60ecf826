//! The catalogue of codes: every code that pgseal can print, once.
//!
//! A code is `PGS` and four digits; the first digit is the stage: 1 syntax, 2 elaborate, 3 analyze (expressions), 4 diff
//! and plan, 5 prove, 6 files that are read (snapshot, plan, keys), 9 bugs of pgseal itself. A code is never reused.

use std::fmt;

/// A stable code with its one-line meaning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static Entry);

/// A line of the catalogue.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    id: &'static str,
    title: &'static str,
}

impl Code {
    /// The code as printed, `PGS1001`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.0.id
    }

    /// What it means, in one line.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.0.title
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.id)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.id)
    }
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: Code = Code(&Entry { id: $id, title: $title });
        )*
        /// Every code, in the order of this file.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    // 1xxx: syntax
    SYNTAX_ERROR = "PGS1001", "the Postgres grammar does not accept the text";
    NOT_UTF8 = "PGS1002", "a file is not valid UTF-8";
    NUL_BYTE = "PGS1003", "a file holds a NUL byte";
    UNTERMINATED = "PGS1004", "a string, quoted name, dollar-quoted text, comment or COPY block has no end";
    TOO_DEEP = "PGS1005", "a statement is nested too deeply";
    PSQL_VARIABLE = "PGS1006", "psql variables are not expanded";
    META_COMMAND = "PGS1007", "a psql command cannot be carried out offline";
    META_COMMAND_INSIDE_STATEMENT = "PGS1008", "a psql command stands in the middle of a statement";
    INCLUDE_OUTSIDE = "PGS1009", "an include leaves the folder of the first file";
    INCLUDE_CYCLE = "PGS1010", "a file includes itself";
    INCLUDE_DEPTH = "PGS1011", "includes are nested too deeply";
    SOURCE_TOO_LARGE = "PGS1012", "the schema files are too large or too many";
    SOURCE_UNREADABLE = "PGS1013", "a schema file cannot be read";
    NO_SOURCES = "PGS1014", "there is no SQL file to read";
    NOT_INCLUDED = "PGS1015", "a file of the folder is not included by its main.sql";
    DML = "PGS1020", "a statement works on rows, not on the schema";
    QUERY = "PGS1021", "a query is not part of a schema";
    PROCEDURAL = "PGS1022", "a DO block or CALL cannot be carried out offline";
    CLUSTER_OBJECT = "PGS1023", "a statement changes the cluster, not this database's schema";
    UNSUPPORTED_STATEMENT = "PGS1024", "a statement has no place in a schema file";
    UNSUPPORTED_SETTING = "PGS1025", "a setting that changes what DDL means is not supported";
    UNSUPPORTED_TRANSACTION = "PGS1026", "a transaction command other than BEGIN and COMMIT";
    SKIPPED_DML = "PGS1030", "statements on rows were skipped as asked";
    SKIPPED_COPY = "PGS1031", "COPY data blocks were skipped";
    SKIPPED_SETVAL = "PGS1032", "sequence positions were skipped";
    SKIPPED_TEMPORARY = "PGS1033", "temporary objects were skipped";
    SKIPPED_MAINTENANCE = "PGS1034", "maintenance statements were skipped";
    NOT_YET_MANAGED = "PGS1035", "a kind of object that pgseal does not manage yet";
    SETTING_WITHOUT_EFFECT = "PGS1036", "SET LOCAL outside of a transaction has no effect";
    SKIPPED_PROCEDURAL = "PGS1037", "DO blocks and CALLs were skipped as asked";
    CONCURRENTLY = "PGS1038", "CONCURRENTLY says how to build an index, which the plan decides";

    // 2xxx: elaborate
    UNDEFINED_NAME = "PGS2001", "a name does not exist, neither in the schema nor on the server";
    DUPLICATE_NAME = "PGS2002", "a name is taken";
    INVALID_DEFINITION = "PGS2003", "the server would refuse the statement";
    DEPENDENTS_EXIST = "PGS2004", "something is to be dropped that other objects depend on";
    UNSUPPORTED_FEATURE = "PGS2010", "the statement asks for something that is not covered yet";
    MEMBERS_UNKNOWN = "PGS2011", "an extension is created whose members the snapshot does not list";

    // 3xxx: analyze
    EXPRESSION_REJECTED = "PGS3001", "the server would reject the expression";
    EXPRESSION_UNSUPPORTED = "PGS3002", "the expression holds something that is not covered yet";
    BODY_NAME_UNDEFINED = "PGS3010", "the body of a function names something that does not exist";
    BODY_REJECTED = "PGS3011", "the server would reject the body of a function when it runs";
    BODY_UNREADABLE = "PGS3012", "the grammar does not accept the body of a function";

    // 4xxx: diff and plan
    UNMANAGED_IN_THE_WAY = "PGS4001", "something that is not managed yet needs what the plan would drop or retype";
    NO_PLAN = "PGS4002", "no plan was found that proves itself";
    MISPLACED = "PGS4003", "a query goes by the order of columns, which is another one in the database";
    LOST_COLUMNS = "PGS4004", "a rule with RETURNING is on a table that lost a column, where no server takes it";

    EVERYTHING_DROPPED = "PGS4005", "the schema creates nothing, so that everything in scope is dropped";
    SWITCHED_OFF = "PGS4006", "a constraint is switched off in the database";

    // 5xxx: prove

    // 6xxx: files that are read

    // 9xxx: bugs of pgseal
    INTERNAL = "PGS9001", "pgseal contradicts itself: a bug, please report it";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_well_formed_and_documented() {
        let mut seen = BTreeSet::new();
        for code in ALL {
            assert!(seen.insert(code.id()), "{code} is used twice");
            let digits = code.id().strip_prefix("PGS").unwrap_or("");
            assert!(digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit()), "{code} is malformed");
            assert!(code.title().len() > 10 && !code.title().ends_with('.'), "{code} needs a one-line meaning");
        }
    }

    #[test]
    fn codes_are_in_order() {
        let ids: Vec<_> = ALL.iter().map(|code| code.id()).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        assert_eq!(ids, sorted);
    }
}
