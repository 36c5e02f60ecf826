//! Facts to DDL statements.
