//! The search path, as an explicit argument of every lookup.
//!
//! Follows `recomputeNamespacePath`, namespace.c (PG 17): `pg_catalog` is searched first unless the path
//! names it. The temporary schema is left out, since temporary objects are no part of a schema.

use super::Sym;

/// The schemas that an unqualified name is looked for in, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SearchPath {
    effective: Vec<Sym>,
    explicit: Vec<Sym>,
}

impl SearchPath {
    /// The path that `SET search_path` with these schemas gives.
    #[must_use]
    pub fn new<I>(schemas: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<Sym>,
    {
        let mut explicit: Vec<Sym> = Vec::new();
        for schema in schemas {
            let schema = schema.into();
            if schema != "pg_temp" && !explicit.contains(&schema) {
                explicit.push(schema);
            }
        }
        let mut effective = explicit.clone();
        if !effective.iter().any(|s| s == &PG_CATALOG) {
            effective.insert(0, PG_CATALOG);
        }
        Self { effective, explicit }
    }

    /// The empty path, under which only what is in `pg_catalog` needs no schema.
    #[must_use]
    pub fn empty() -> Self {
        Self::new(Vec::<Sym>::new())
    }

    /// The schemas searched, `pg_catalog` among them.
    #[must_use]
    pub fn schemas(&self) -> &[Sym] {
        &self.effective
    }

    /// The schemas that were named, in order, without the implicit `pg_catalog`.
    #[must_use]
    pub fn explicit(&self) -> &[Sym] {
        &self.explicit
    }

    /// Where in the path a schema stands, if it is searched at all.
    #[must_use]
    pub fn position(&self, schema: &str) -> Option<usize> {
        self.effective.iter().position(|s| s.as_str() == schema)
    }
}

impl Default for SearchPath {
    fn default() -> Self {
        Self::new(["public"])
    }
}

/// The schema of Postgres's own objects.
pub const PG_CATALOG: Sym = Sym::Static("pg_catalog");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pg_catalog_comes_first_unless_named() {
        let path = SearchPath::new(["app", "pg_temp", "public"]);
        assert_eq!(path.position("pg_catalog"), Some(0));
        assert_eq!(path.position("app"), Some(1));
        assert_eq!(path.position("pg_temp"), None);
        let path = SearchPath::new(["app", "pg_catalog"]);
        assert_eq!(path.position("pg_catalog"), Some(1));
        assert_eq!(SearchPath::empty().schemas().len(), 1);
    }
}
