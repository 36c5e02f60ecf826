//! Documents held against the JSON Schemas that are published.

use std::sync::OnceLock;

use jsonschema::Validator;

use crate::server::repository;

/// A document whose form is published.
#[derive(Debug, Clone, Copy)]
pub enum Document {
    /// `plan.json`.
    Plan,
    /// `receipt-….json`.
    Receipt,
}

impl Document {
    fn schema(self) -> &'static Validator {
        static PLAN: OnceLock<Validator> = OnceLock::new();
        static RECEIPT: OnceLock<Validator> = OnceLock::new();
        let (once, name) = match self {
            Self::Plan => (&PLAN, "plan"),
            Self::Receipt => (&RECEIPT, "receipt"),
        };
        once.get_or_init(|| {
            let path = repository().join(format!("shared/schema/{name}.schema.json"));
            let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let schema = serde_json::from_slice(&text).expect("JSON");
            jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
    }

    /// Where a document is not of its published form, and how.
    #[must_use]
    pub fn faults(self, bytes: &[u8]) -> Vec<String> {
        let document = match serde_json::from_slice(bytes) {
            Ok(document) => document,
            Err(error) => return vec![error.to_string()],
        };
        self.schema().iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// Holds a document against its schema.
    ///
    /// # Panics
    /// When it does not conform.
    #[track_caller]
    pub fn expect(self, bytes: &[u8]) {
        let faults = self.faults(bytes);
        assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), String::from_utf8_lossy(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_form_is_found() {
        assert_eq!(Document::Plan.faults(b"{"), ["EOF while parsing an object at line 1 column 1"]);
        assert!(Document::Plan.faults(b"{}").iter().any(|fault| fault.contains("\"phases\"")));
        assert!(!Document::Receipt.faults(b"{\"format\": \"pgseal-plan\"}").is_empty());
    }
}
