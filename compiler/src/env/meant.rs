//! Which built-in operator a name means between two built-in types, remembered once it was worked out (as the server's
//! `OprCache` does): a column of `varchar` compared with a literal takes a look at every operator of the name.
//!
//! Only what does not depend on anything of a user's is remembered: both types are built in, no user has an operator of that name,
//! and no user has a cast. The answer is then the same whatever the search path is, because `pg_catalog` is always on it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Env, Oid, OperatorRow, PG_CATALOG, Sym};

/// What names mean between two types.
type Names = Vec<(Sym, Oid)>;

/// What is remembered for one major.
#[derive(Debug)]
pub(super) struct Meant(Mutex<BTreeMap<(Oid, Oid), Names>>);

impl Meant {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    fn get(&self, name: &str, left: Oid, right: Oid) -> Option<Oid> {
        // without the lock nothing is remembered
        let meant = self.0.lock().ok()?;
        meant.get(&(left, right))?.iter().find(|(of, _)| of.as_str() == name).map(|(_, oid)| *oid)
    }

    fn put(&self, name: &Sym, left: Oid, right: Oid, oid: Oid) {
        let Ok(mut meant) = self.0.lock() else { return };
        let known = meant.entry((left, right)).or_default();
        if known.iter().all(|(of, _)| of != name) {
            known.push((name.clone(), oid));
        }
    }
}

impl Env {
    /// Whether what an operator means between these types depends on nothing of a user's.
    fn means_the_same_for_all(&self, schema: Option<&str>, name: &str, left: Oid, right: Oid) -> bool {
        schema.is_none_or(|schema| PG_CATALOG == *schema)
            && left < Oid::FIRST_USER
            && right < Oid::FIRST_USER
            && self.user.casts.is_empty()
            && self.operators_named(name).all(|row| row.oid < Oid::FIRST_USER)
    }

    /// The operator that was found to be meant; none where that is not remembered. The left type is invalid for a prefix operator.
    #[must_use]
    pub(crate) fn remembered_operator(
        &self,
        schema: Option<&str>,
        name: &str,
        left: Oid,
        right: Oid,
    ) -> Option<&OperatorRow> {
        let same = self.means_the_same_for_all(schema, name, left, right);
        self.operator_by_oid(self.builtins.meant().get(name, left, right).filter(|_| same)?)
    }

    /// Remembers which operator is meant, where it is meant for all.
    pub(crate) fn remember_operator(
        &self,
        schema: Option<&str>,
        name: &str,
        left: Oid,
        right: Oid,
        meant: &OperatorRow,
    ) {
        if meant.name.as_str() == name && self.means_the_same_for_all(schema, name, left, right) {
            self.builtins.meant().put(&meant.name, left, right, meant.oid);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::analyze::operator_meant;
    use crate::env::{Major, SearchPath};

    /// What is remembered is what is found, and nothing of a user's is passed over for it.
    #[test]
    fn what_a_user_adds_is_heeded() {
        let mut env = Env::for_major(Major::V17);
        let path = SearchPath::empty();
        let found = |env: &Env| operator_meant(env, &path, "=", Oid::VARCHAR, Oid::UNKNOWN);
        let first = found(&env).unwrap();
        assert_eq!(env.operator_by_oid(first).unwrap().left, Oid::TEXT);
        assert_eq!(env.remembered_operator(None, "=", Oid::VARCHAR, Oid::UNKNOWN).unwrap().oid, first);
        assert_eq!(found(&env), Some(first));
        // the same name between the same types in a schema that is not looked into
        let mut own = env.operator_by_oid(first).unwrap().clone();
        own.oid = Oid::INVALID;
        own.schema = "public".into();
        (own.left, own.right) = (Oid::VARCHAR, Oid::VARCHAR);
        env.put_operator(own);
        assert!(env.remembered_operator(None, "=", Oid::VARCHAR, Oid::UNKNOWN).is_none());
        assert_eq!(found(&env), Some(first));
    }
}
