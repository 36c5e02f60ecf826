//! What happens to the members of an extension together.

use super::{Env, Oid, Sym};

impl Env {
    /// Forgets every member of an extension (`DROP EXTENSION`).
    pub fn remove_extension(&mut self, name: &str) {
        let own = |extension: &Option<Sym>| extension.as_deref() == Some(name);
        let user = std::sync::Arc::make_mut(&mut self.user);
        user.casts.retain(|_, row| !own(&row.extension));
        user.types.retain(|row| !own(&row.extension));
        user.procs.retain(|row| !own(&row.extension));
        user.operators.retain(|row| !own(&row.extension));
        user.collations.retain(|row| !own(&row.extension));
        user.opclasses.retain(|row| !own(&row.extension));
        user.opfamilies.retain(|row| !own(&row.extension));
        user.access_methods.retain(|row| !own(&row.extension));
        user.relations.retain(|row| !own(&row.extension));
        user.languages.retain(|row| !own(&row.extension));
    }

    /// Moves every member of an extension from one schema to another (`ALTER EXTENSION … SET SCHEMA`).
    pub fn move_extension(&mut self, name: &str, from: &str, to: impl Into<Sym>) {
        let to = to.into();
        macro_rules! moved {
            ($($all:ident, $put:ident;)*) => {
                $(
                    let rows = self.$all().filter(|row| is_own(row.extension.as_ref(), &row.schema, row.oid, name, from));
                    for mut row in rows.cloned().collect::<Vec<_>>() {
                        row.schema = to.clone();
                        self.$put(row);
                    }
                )*
            };
        }
        moved! {
            types, put_type;
            procs, put_proc;
            operators, put_operator;
            collations, put_collation;
            opclasses, put_opclass;
            opfamilies, put_opfamily;
            relations, put_relation;
        }
    }
}

fn is_own(extension: Option<&Sym>, schema: &Sym, oid: Oid, name: &str, from: &str) -> bool {
    oid >= Oid::FIRST_USER && extension.is_some_and(|extension| *extension == *name) && *schema == *from
}
