//! Expressions by the thousand, and what real servers make of them.
//!
//! [`generated`] makes them from a server's own catalogs: every operator, every cast, every function with every
//! shape of argument list; [`random`] puts them together. [`handwritten`] is for what no catalog lists: the syntax. [`oracle`] puts them into a
//! database and reads back the text that the server stores them as; [`judge`] compares it with the compiler's.

pub mod generated;
pub mod handwritten;
pub mod judge;
pub mod oracle;
pub mod random;

/// Where an expression is put.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A table's `CHECK`.
    Check,
    /// The default of that column.
    Default(String),
    /// The `CHECK` of a domain over that type.
    Domain(String),
    /// The expression of an index.
    Index,
    /// The `WHEN` of a trigger before an update.
    Trigger,
}

/// An expression and its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// Its place.
    pub place: Place,
    /// The expression.
    pub text: String,
}

impl Case {
    /// A boolean expression in a `CHECK`.
    pub fn check(text: impl Into<String>) -> Self {
        Case { place: Place::Check, text: text.into() }
    }

    /// An expression of any type in a `CHECK`: asked whether it is null.
    pub fn value(text: impl AsRef<str>) -> Self {
        Case { place: Place::Check, text: format!("({}) IS NOT NULL", text.as_ref()) }
    }

    /// A column's default.
    pub fn default(column: impl Into<String>, text: impl Into<String>) -> Self {
        Case { place: Place::Default(column.into()), text: text.into() }
    }

    /// A boolean expression over `VALUE`.
    pub fn domain(base: impl Into<String>, text: impl Into<String>) -> Self {
        Case { place: Place::Domain(base.into()), text: text.into() }
    }
}

/// The schema that the expressions are written for: table `t` has a column for each type that a column can have.
pub const SCHEMA: &str = r#"
CREATE SCHEMA app;
CREATE SCHEMA oracle;
DO $$
DECLARE columns text;
BEGIN
    SELECT string_agg(format('%I %s', 'c_' || typname, format_type(oid, NULL)), ', ' ORDER BY typname COLLATE "C") INTO columns
    FROM pg_type
    WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND oid < 10000
        AND typname NOT IN ('pg_node_tree', 'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary', '_cstring', 'gtsvector', '_gtsvector')
        AND (typelem = 0 OR typcategory <> 'A' OR typname IN (SELECT '_' || unnest(ARRAY['bool', 'bytea', 'name', 'int2', 'int4', 'int8',
            'text', 'bpchar', 'varchar', 'float4', 'float8', 'oid', 'date', 'time', 'timestamp', 'timestamptz', 'interval', 'timetz',
            'numeric', 'uuid', 'json', 'jsonb', 'xml', 'inet', 'int4range', 'regclass', 'bit', 'point'])));
    EXECUTE format('CREATE TABLE public.t (%s, id integer, "Mixed Case" text, "order" integer, v10 character varying(10),
        b5 character(5), n102 numeric(10,2), ts3 timestamp(3), bit8 bit(8), itv interval day to second(2), cc text COLLATE "C",
        ci text COLLATE "POSIX", v3a character varying(3)[], m2 integer[][])', columns);
END $$;
"#;
