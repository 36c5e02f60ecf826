//! The text of a first trust policy, as `pgseal trust init` writes it.

use std::fmt::Write as _;

use crate::key::PublicKey;
use crate::kind::Purpose;

/// A key for a first policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialKey {
    /// Its name.
    pub name: String,
    /// The key.
    pub key: PublicKey,
    /// Its roles.
    pub roles: Vec<String>,
    /// What it may sign; empty: plans and trust policies.
    pub signs: Vec<Purpose>,
}

/// What a policy can say besides, before its tables.
const FURTHER: &str = "\
# One of the signers, two at least, has to have compiled the plan again (pgseal cosign).
# require_cosign = true
# So many of the signers need this role.
# role_thresholds = { dba = 1 }
# The hazards that a plan may have, of blocks-reads, blocks-writes, data-loss, full-scan and table-rewrite; without this line, any.
# allowed_hazards = [\"blocks-writes\", \"full-scan\"]
# Hazards that no plan may have.
# forbidden_hazards = [\"table-rewrite\"]
# The oldest plan that is applied, by its --valid-from.
# max_plan_age = \"30d\"
# Every phase has to be noted in the database (pgseal.ledger).
# require_ledger = true
# The schema of the ledger, which begins with \"pgseal_\" where it is not \"pgseal\".
# ledger_schema = \"pgseal_ops\"
# The agent has to remember what it has seen (pgseal-agent --state).
# require_state = true
# min_compiler_version = \"0.1.0\"
";

/// The tables that a policy can have besides its keys.
const FURTHER_TABLES: &str = "
# A key can have limits besides its roles:
# not_before = 2026-01-01T00:00:00Z
# not_after = 2027-01-01T00:00:00Z
# revoked = true

# What the next version of this policy needs; without it, the most that any plan needs, and never less.
# [policy_changes]
# threshold = 2
# roles = { dba = 1 }

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
         # Raise it with every change, and have the new version signed (pgseal trust sign) by the keys of the old one.\n\
         policy_version = 1\n\
         # How many distinct keys must have signed a plan.\n\
         threshold = {threshold}\n\
         {FURTHER}"
    );
    for InitialKey { name, key, roles, signs } in keys {
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
        if !signs.is_empty() {
            let signs: Vec<String> = signs.iter().map(|purpose| quoted(purpose.word())).collect();
            let _ = writeln!(text, "signs = [{}]", signs.join(", "));
        }
    }
    text.push_str(FURTHER_TABLES);
    text
}

/// A TOML basic string: a JSON string is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
