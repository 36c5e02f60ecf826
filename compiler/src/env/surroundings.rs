//! What the meaning of a statement takes from the database itself, beside the objects in it.

/// The database's name, and the settings that literals are read under; nothing where that is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// What may stand in front of a schema's name.
    pub database: Option<String>,
    /// `lc_monetary`.
    pub monetary_locale: Option<String>,
}

/// What a name is when a database's stands in front of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InDatabase {
    /// The one that it would be without.
    Own,
    /// One of another database, which no statement can reach.
    Other,
    /// The own name is not known.
    Unknown,
}

impl Surroundings {
    /// Whether a name with that database in front is one of this database.
    #[must_use]
    pub fn in_database(&self, named: &str) -> InDatabase {
        match &self.database {
            Some(own) if own == named => InDatabase::Own,
            Some(_) => InDatabase::Other,
            None => InDatabase::Unknown,
        }
    }

    /// Whether amounts of money are written as in `C`: the locales of which that is known on every system. A dollar and two
    /// decimals, commas between thousands, the sign in front.
    #[must_use]
    pub fn money_is_as_in_c(&self) -> bool {
        let Some(locale) = &self.monetary_locale else { return false };
        let name = locale.split(['.', '@']).next().unwrap_or_default();
        matches!(name, "C" | "POSIX" | "en_US") && !locale.contains('@')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_that_write_money_as_c_does() {
        let is = |locale: &str| {
            Surroundings { monetary_locale: Some(locale.to_owned()), ..Surroundings::default() }.money_is_as_in_c()
        };
        for locale in ["C", "POSIX", "C.UTF-8", "C.utf8", "en_US.UTF-8", "en_US"] {
            assert!(is(locale), "{locale}");
        }
        for locale in ["", "de_DE.UTF-8", "en_GB.UTF-8", "en_US@euro", "English_United States.1252"] {
            assert!(!is(locale), "{locale}");
        }
    }

    #[test]
    fn a_database_is_known_by_its_name() {
        let own = Surroundings { database: Some("app".to_owned()), ..Surroundings::default() };
        assert_eq!(own.in_database("app"), InDatabase::Own);
        assert_eq!(own.in_database("App"), InDatabase::Other);
        assert_eq!(Surroundings::default().in_database("app"), InDatabase::Unknown);
    }
}
