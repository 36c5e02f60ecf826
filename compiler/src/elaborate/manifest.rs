//! What contrib extensions bring, for those that the database of the snapshot does not have.
//!
//! The lists are made from real servers (`make generate`, which says how a line is built); another extension's members are known
//! only from a snapshot that holds them.

use std::collections::BTreeMap;

use pgseal_catalog::symbols::home_of;
use pgseal_catalog::{Name, Symbols};

use crate::env::Major;

const LISTS: &str = include_str!("../env/generated/extensions.tsv");

/// The members of a version of an extension on a server major, with the schemas of itself and of those that it requires;
/// none when they are not known.
///
/// # Errors
/// A list that is not what the generator makes: a fault of the compiler.
pub(super) fn members(
    major: Major,
    extension: &Name,
    version: &str,
    schemas: &BTreeMap<Name, Name>,
) -> Option<Result<Symbols, serde_json::Error>> {
    let text = LISTS.lines().find_map(|line| {
        let mut fields = line.split('\t');
        let (name, own, majors, text) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let majors = u32::from_str_radix(majors, 16).ok()?;
        let bit = major.number().checked_sub(14)?;
        (name == extension.as_str() && own == version && majors >> bit & 1 == 1).then_some(text)
    })?;
    Some(placed(text.to_owned(), extension, schemas))
}

/// The members of an extension that a snapshot lists without a home, in the schemas that hold it and those that it requires.
///
/// # Errors
/// As [`members`].
pub(super) fn settled(
    symbols: &Symbols,
    extension: &Name,
    schemas: &BTreeMap<Name, Name>,
) -> Result<Symbols, serde_json::Error> {
    placed(serde_json::to_string(symbols)?, extension, schemas)
}

fn placed(mut text: String, extension: &Name, schemas: &BTreeMap<Name, Name>) -> Result<Symbols, serde_json::Error> {
    for (of, schema) in schemas {
        let home = home_of(of);
        text = text.replace(&format!("\"{home}\""), &json(schema.as_str()));
        let quoted = json(&format!("{schema}."));
        let within = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
        text = text.replace(&format!("{home}."), within);
    }
    let mut symbols: Symbols = serde_json::from_str(&text)?;
    symbols.set_extension(Some(extension));
    Ok(symbols)
}

/// A text as JSON has it, in quotes.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn members_are_named_in_the_schemas_that_hold_them() {
        let name = |text: &str| Name::new(text).unwrap();
        let schemas = BTreeMap::from([(name("cube"), name("My \"Schema\"")), (name("earthdistance"), name("public"))]);
        let major = Major::from_number(18).unwrap();
        let found = members(major, &name("earthdistance"), "1.2", &schemas).unwrap().unwrap();
        let function = found.functions.iter().find(|f| f.name.name.name.as_str() == "latitude").unwrap();
        assert_eq!(function.name.to_string(), "public.latitude(public.earth)");
        assert_eq!(function.extension, Some(name("earthdistance")));
        let earth = found.types.iter().find(|t| t.name.name.as_str() == "earth").unwrap();
        assert_eq!(earth.base.as_deref(), Some("\"My \"\"Schema\"\"\".cube"));
        assert!(members(major, &name("earthdistance"), "0.9", &schemas).is_none());
        assert!(members(major, &name("postgis"), "3.5", &schemas).is_none());
    }

    #[test]
    fn every_list_can_be_read() {
        for line in LISTS.lines().skip(1) {
            let fields: Vec<&str> = line.split('\t').collect();
            let extension = Name::new(fields[0]).unwrap();
            for bit in 0..5 {
                let known = members(Major::from_number(14 + bit).unwrap(), &extension, fields[1], &BTreeMap::new());
                if let Some(read) = known {
                    read.unwrap();
                }
            }
        }
    }
}
