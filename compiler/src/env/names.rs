//! Lookups by name under a search path, and the question whether a bare name would find an object.
//!
//! Follows namespace.c (PG 17). A name with a schema is looked for there alone; a bare one in each schema of
//! the path, first hit wins.

use super::rows::{CollationRow, OpclassRow, OperatorRow, OpfamilyRow, ProcRow, RelationRow, TypeRow};
use super::{AccessMethodRow, Env, LanguageRow, Oid, SearchPath, Sym};

/// Keeps of the rows of one name the one that the path finds first.
fn first_in_path<'a, R: 'a>(
    rows: impl Iterator<Item = &'a R>,
    path: &SearchPath,
    schema: Option<&str>,
    schema_of: impl Fn(&R) -> &Sym,
) -> Option<&'a R> {
    let mut best: Option<(usize, &'a R)> = None;
    for row in rows {
        let position = match schema {
            Some(wanted) if schema_of(row) == wanted => return Some(row),
            Some(_) => continue,
            None => match path.position(schema_of(row)) {
                Some(position) => position,
                None => continue,
            },
        };
        if best.is_none_or(|(before, _)| position < before) {
            best = Some((position, row));
        }
    }
    best.map(|(_, row)| row)
}

impl Env {
    /// The type that a name means (`TypenameGetTypid`).
    #[must_use]
    pub fn lookup_type(&self, path: &SearchPath, schema: Option<&str>, name: &str) -> Option<&TypeRow> {
        first_in_path(self.types_named(name), path, schema, |row| &row.schema)
    }

    /// The relation that a name means (`RelnameGetRelid`).
    #[must_use]
    pub fn lookup_relation(&self, path: &SearchPath, schema: Option<&str>, name: &str) -> Option<&RelationRow> {
        first_in_path(self.relations_named(name), path, schema, |row| &row.schema)
    }

    /// The collation that a name means (`get_collation_oid`).
    #[must_use]
    pub fn lookup_collation(&self, path: &SearchPath, schema: Option<&str>, name: &str) -> Option<&CollationRow> {
        first_in_path(self.collations_named(name), path, schema, |row| &row.schema)
    }

    /// The operator class that a name means for an access method (`OpclassnameGetOpcid`).
    #[must_use]
    pub fn lookup_opclass(
        &self,
        path: &SearchPath,
        method: Oid,
        schema: Option<&str>,
        name: &str,
    ) -> Option<&OpclassRow> {
        let rows = self.opclasses_named(name).filter(|row| row.method == method);
        first_in_path(rows, path, schema, |row| &row.schema)
    }

    /// The operator family that a name means for an access method (`OpfamilynameGetOpfid`).
    #[must_use]
    pub fn lookup_opfamily(
        &self,
        path: &SearchPath,
        method: Oid,
        schema: Option<&str>,
        name: &str,
    ) -> Option<&OpfamilyRow> {
        let rows = self.opfamilies_named(name).filter(|row| row.method == method);
        first_in_path(rows, path, schema, |row| &row.schema)
    }

    /// The operator with exactly these operand types (`OpernameGetOprid`). `left` is invalid for a prefix one.
    #[must_use]
    pub fn lookup_operator(
        &self,
        path: &SearchPath,
        schema: Option<&str>,
        name: &str,
        left: Oid,
        right: Oid,
    ) -> Option<&OperatorRow> {
        let rows = self.operators_named(name).filter(|row| row.left == left && row.right == right);
        first_in_path(rows, path, schema, |row| &row.schema)
    }

    /// The routine with exactly these input types (`LookupFuncName` with a known argument list).
    #[must_use]
    pub fn lookup_proc(&self, path: &SearchPath, schema: Option<&str>, name: &str, args: &[Oid]) -> Option<&ProcRow> {
        let rows = self.procs_named(name).filter(|row| row.args == args);
        first_in_path(rows, path, schema, |row| &row.schema)
    }

    /// The access method of that name.
    #[must_use]
    pub fn lookup_access_method(&self, name: &str) -> Option<&AccessMethodRow> {
        self.access_methods_named(name).next()
    }

    /// The language of that name.
    #[must_use]
    pub fn lookup_language(&self, name: &str) -> Option<&LanguageRow> {
        self.languages_named(name).next()
    }

    /// Whether the bare name finds this type (`TypeIsVisible`).
    #[must_use]
    pub fn type_is_visible(&self, path: &SearchPath, oid: Oid) -> bool {
        self.type_by_oid(oid)
            .and_then(|row| self.lookup_type(path, None, &row.name))
            .is_some_and(|found| found.oid == oid)
    }

    /// Whether the bare name finds this relation (`RelationIsVisible`).
    #[must_use]
    pub fn relation_is_visible(&self, path: &SearchPath, oid: Oid) -> bool {
        self.relation_by_oid(oid)
            .and_then(|row| self.lookup_relation(path, None, &row.name))
            .is_some_and(|found| found.oid == oid)
    }

    /// Whether the bare name with the exact argument types finds this routine (`FunctionIsVisible`).
    #[must_use]
    pub fn function_is_visible(&self, path: &SearchPath, oid: Oid) -> bool {
        self.proc_by_oid(oid)
            .and_then(|row| self.lookup_proc(path, None, &row.name, &row.args))
            .is_some_and(|found| found.oid == oid)
    }

    /// Whether the bare name with the exact operand types finds this operator (`OperatorIsVisible`).
    #[must_use]
    pub fn operator_is_visible(&self, path: &SearchPath, oid: Oid) -> bool {
        self.operator_by_oid(oid)
            .and_then(|row| self.lookup_operator(path, None, &row.name, row.left, row.right))
            .is_some_and(|found| found.oid == oid)
    }

    /// Whether the bare name finds this collation (`CollationIsVisible`).
    #[must_use]
    pub fn collation_is_visible(&self, path: &SearchPath, oid: Oid) -> bool {
        self.collation_by_oid(oid)
            .and_then(|row| self.lookup_collation(path, None, &row.name))
            .is_some_and(|found| found.oid == oid)
    }

    /// Whether the bare name finds this operator class (`OpclassIsVisible`).
    #[must_use]
    pub fn opclass_is_visible(&self, path: &SearchPath, oid: Oid) -> bool {
        self.opclass_by_oid(oid)
            .and_then(|row| self.lookup_opclass(path, row.method, None, &row.name))
            .is_some_and(|found| found.oid == oid)
    }

    /// Whether the bare name finds this operator family (`OpfamilyIsVisible`).
    #[must_use]
    pub fn opfamily_is_visible(&self, path: &SearchPath, oid: Oid) -> bool {
        self.opfamily_by_oid(oid)
            .and_then(|row| self.lookup_opfamily(path, row.method, None, &row.name))
            .is_some_and(|found| found.oid == oid)
    }
}
