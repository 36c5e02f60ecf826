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

/// What a policy can say besides, before its tables.
const FURTHER: &str = "\
# One of the signers has to have compiled the plan again (pgseal cosign).
# require_cosign = true
# So many of the signers need this role.
# role_thresholds = { dba = 1 }
# The hazards that a plan may have; without this line, any.
# allowed_hazards = [\"blocks-writes\", \"full-scan\"]
# Hazards that no plan may have.
# forbidden_hazards = [\"table-rewrite\"]
# min_compiler_version = \"0.1.0\"
";

/// The tables that a policy can have besides its keys.
const FURTHER_TABLES: &str = "
# A key can have limits besides its roles:
# not_before = 2026-01-01T00:00:00Z
# not_after = 2027-01-01T00:00:00Z
# revoked = true

# What a plan with this hazard needs.
# [hazards.data-loss]
# threshold = 2
# roles = { dba = 1 }

# The databases that this policy is for; pgseal-agent --target names one of them.
# [[targets]]
# label = \"shop-production\"
# environment = \"production\"
# database = \"shop\"
# system_identifier = \"7423568901234567890\"

# [environments.production]
# threshold = 2
# forbidden_hazards = [\"data-loss\"]
";

pub(super) fn initial(keys: &[InitialKey], threshold: u32) -> String {
    let mut text = format!(
        "# What an agent demands before it acts. Lines behind # are examples of what else it can demand.\n\
         format = \"pgseal-trust\"\n\
         version = 1\n\
         # Raise it with every change.\n\
         policy_version = 1\n\
         # How many distinct keys must have signed a plan.\n\
         threshold = {threshold}\n\
         {FURTHER}"
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
    text.push_str(FURTHER_TABLES);
    text
}

/// A TOML basic string: a JSON string is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
