//! The text of a first trust policy, as `pgseal trust init` writes it.

use std::fmt::Write as _;

use crate::key::PublicKey;

/// A key for a first policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialKey {
    /// Its name.
    pub name: String,
    /// The key.
    pub key: PublicKey,
    /// Its roles.
    pub roles: Vec<String>,
}

pub(super) fn initial(keys: &[InitialKey], threshold: u32) -> String {
    let mut text = format!(
        "# What an agent demands before it acts. Every field is documented in the README.\n\
         format = \"pgseal-trust\"\n\
         version = 1\n\
         # Raise it with every change.\n\
         policy_version = 1\n\
         # How many distinct keys must have signed a plan.\n\
         threshold = {threshold}\n"
    );
    for InitialKey { name, key, roles } in keys {
        let roles: Vec<String> = roles.iter().map(|role| quoted(role)).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n[[keys]]\nname = {}\n# id {}\nkey = \"{}\"\nroles = [{}]\n",
            quoted(name),
            key.id(),
            key.to_spki_base64(),
            roles.join(", ")
        );
    }
    text
}

/// A TOML basic string: a JSON string is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
