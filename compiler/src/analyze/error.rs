//! What analysis answers when it cannot build a typed expression.
//!
//! Two answers and no third: the server itself would reject the expression (its SQLSTATE, its
//! words), or this program does not cover it yet (a stable code and a name). An error carries the
//! byte offset of the raw node that it is about, so that the caller can show a caret.

use thiserror::Error;

/// Why an expression has no typed form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnalyzeError {
    /// The server would reject the expression.
    #[error("{}", .0.message)]
    Rejected(Box<Rejection>),
    /// The expression may be valid, but it is not covered.
    #[error("{} is not supported", .0.feature)]
    Unsupported(Box<Unsupported>),
}

/// A rejection in the server's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The five characters of the SQLSTATE.
    pub sqlstate: &'static str,
    /// The primary message.
    pub message: String,
    /// Facts that explain the message.
    pub detail: Option<String>,
    /// Advice.
    pub hint: Option<String>,
    /// Byte offset in the parsed text, where known.
    pub location: Option<u32>,
}

/// A feature that is refused by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// A stable code such as `unsupported.literal.money`.
    pub code: &'static str,
    /// What is not supported, in words.
    pub feature: String,
    /// Byte offset in the parsed text, where known.
    pub location: Option<u32>,
}

/// The result of every analysis step.
pub type Analyzed<T> = Result<T, AnalyzeError>;

/// The code of [`AnalyzeError::too_deep`].
pub const TOO_DEEP: &str = "unsupported.expression.depth";

impl AnalyzeError {
    /// A rejection with the server's SQLSTATE and words; a negative location means "unknown".
    pub fn rejected(sqlstate: &'static str, message: impl Into<String>, location: i32) -> Self {
        Self::Rejected(Box::new(Rejection {
            sqlstate,
            message: message.into(),
            detail: None,
            hint: None,
            location: u32::try_from(location).ok(),
        }))
    }

    /// A refusal of something not covered.
    pub fn unsupported(code: &'static str, feature: impl Into<String>, location: i32) -> Self {
        Self::Unsupported(Box::new(Unsupported {
            code,
            feature: feature.into(),
            location: u32::try_from(location).ok(),
        }))
    }

    /// A refusal of an expression that is nested too deep.
    pub fn too_deep(location: i32) -> Self {
        Self::unsupported(TOO_DEEP, "an expression that is nested so deep", location)
    }

    /// Adds the facts that explain the message.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        if let Self::Rejected(r) = &mut self {
            r.detail = Some(detail.into());
        }
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Rejected(r) = &mut self {
            r.hint = Some(hint.into());
        }
        self
    }

    /// Sets the location unless one is known already.
    #[must_use]
    pub fn at(mut self, location: i32) -> Self {
        let slot = match &mut self {
            Self::Rejected(r) => &mut r.location,
            Self::Unsupported(u) => &mut u.location,
        };
        if slot.is_none() {
            *slot = u32::try_from(location).ok();
        }
        self
    }

    /// Moves the location back by the length of a text that was put in front.
    #[must_use]
    pub fn moved_back(mut self, by: u32) -> Self {
        let slot = match &mut self {
            Self::Rejected(r) => &mut r.location,
            Self::Unsupported(u) => &mut u.location,
        };
        *slot = slot.map(|at| at.saturating_sub(by));
        self
    }

    /// The byte offset that the error is about, where known.
    #[must_use]
    pub fn location(&self) -> Option<u32> {
        match self {
            Self::Rejected(r) => r.location,
            Self::Unsupported(u) => u.location,
        }
    }

    /// The SQLSTATE of a rejection.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&'static str> {
        match self {
            Self::Rejected(r) => Some(r.sqlstate),
            Self::Unsupported(_) => None,
        }
    }

    /// A stable code: the SQLSTATE of a rejection, the code of a refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(r) => r.sqlstate,
            Self::Unsupported(u) => u.code,
        }
    }
}

/// The SQLSTATEs that analysis uses, by Postgres's condition names.
pub mod sqlstate {
    /// `insufficient_privilege`
    pub const INSUFFICIENT_PRIVILEGE: &str = "42501";
    /// `object_not_in_prerequisite_state`
    pub const OBJECT_NOT_IN_PREREQUISITE_STATE: &str = "55000";
    /// `syntax_error`
    pub const SYNTAX_ERROR: &str = "42601";
    /// `undefined_column`
    pub const UNDEFINED_COLUMN: &str = "42703";
    /// `undefined_function`
    pub const UNDEFINED_FUNCTION: &str = "42883";
    /// `undefined_table`
    pub const UNDEFINED_TABLE: &str = "42P01";
    /// `undefined_parameter`
    pub const UNDEFINED_PARAMETER: &str = "42P02";
    /// `undefined_object`
    pub const UNDEFINED_OBJECT: &str = "42704";
    /// `invalid_schema_name`
    pub const UNDEFINED_SCHEMA: &str = "3F000";
    /// `ambiguous_function`
    pub const AMBIGUOUS_FUNCTION: &str = "42725";
    /// `ambiguous_column`
    pub const AMBIGUOUS_COLUMN: &str = "42702";
    /// `datatype_mismatch`
    pub const DATATYPE_MISMATCH: &str = "42804";
    /// `wrong_object_type`
    pub const WRONG_OBJECT_TYPE: &str = "42809";
    /// `indeterminate_datatype`
    pub const INDETERMINATE_DATATYPE: &str = "42P18";
    /// `collation_mismatch`
    pub const COLLATION_MISMATCH: &str = "42P21";
    /// `indeterminate_collation`
    pub const INDETERMINATE_COLLATION: &str = "42P22";
    /// `cannot_coerce`
    pub const CANNOT_COERCE: &str = "42846";
    /// `grouping_error`
    pub const GROUPING_ERROR: &str = "42803";
    /// `windowing_error`
    pub const WINDOWING_ERROR: &str = "42P20";
    /// `invalid_column_reference`
    pub const INVALID_COLUMN_REFERENCE: &str = "42P10";
    /// `invalid_object_definition`
    pub const INVALID_OBJECT_DEFINITION: &str = "42P17";
    /// `invalid_table_definition`
    pub const INVALID_TABLE_DEFINITION: &str = "42P16";
    /// `feature_not_supported`
    pub const FEATURE_NOT_SUPPORTED: &str = "0A000";
    /// `too_many_arguments`
    pub const TOO_MANY_ARGUMENTS: &str = "54023";
    /// `too_many_columns`
    pub const TOO_MANY_COLUMNS: &str = "54011";
    /// `statement_too_complex`
    pub const STATEMENT_TOO_COMPLEX: &str = "54001";
    /// `invalid_text_representation`
    pub const INVALID_TEXT_REPRESENTATION: &str = "22P02";
    /// `numeric_value_out_of_range`
    pub const NUMERIC_VALUE_OUT_OF_RANGE: &str = "22003";
    /// `invalid_datetime_format`
    pub const INVALID_DATETIME_FORMAT: &str = "22007";
    /// `datetime_field_overflow`
    pub const DATETIME_FIELD_OVERFLOW: &str = "22008";
    /// `interval_field_overflow`
    pub const INTERVAL_FIELD_OVERFLOW: &str = "22015";
    /// `invalid_parameter_value`
    pub const INVALID_PARAMETER_VALUE: &str = "22023";
    /// `string_data_right_truncation`
    pub const STRING_DATA_RIGHT_TRUNCATION: &str = "22001";
    /// `string_data_length_mismatch`
    pub const STRING_DATA_LENGTH_MISMATCH: &str = "22026";
    /// `data_exception`
    pub const DATA_EXCEPTION: &str = "22000";
    /// `array_subscript_error`
    pub const ARRAY_SUBSCRIPT_ERROR: &str = "2202E";
    /// `null_value_not_allowed`
    pub const NULL_VALUE_NOT_ALLOWED: &str = "22004";
    /// `name_too_long`
    pub const NAME_TOO_LONG: &str = "42622";
    /// `untranslatable_character`
    pub const UNTRANSLATABLE_CHARACTER: &str = "22P05";
    /// `invalid_xml_content`
    pub const INVALID_XML_CONTENT: &str = "2200N";
    /// `duplicate_json_object_key_value`
    pub const PROGRAM_LIMIT_EXCEEDED: &str = "54000";
    /// `invalid_name`
    pub const INVALID_NAME: &str = "42602";
    /// `check_violation`
    pub const CHECK_VIOLATION: &str = "23514";
    /// `not_null_violation`
    pub const NOT_NULL_VIOLATION: &str = "23502";
    /// `ambiguous_alias`
    pub const AMBIGUOUS_ALIAS: &str = "42P09";
    /// `duplicate_alias`
    pub const DUPLICATE_ALIAS: &str = "42712";
    /// `duplicate_column`
    pub const DUPLICATE_COLUMN: &str = "42701";
    /// `invalid_column_definition`
    pub const INVALID_COLUMN_DEFINITION: &str = "42611";
    /// `invalid_recursion`
    pub const INVALID_RECURSION: &str = "42P19";
    /// `invalid_function_definition`
    pub const INVALID_FUNCTION_DEFINITION: &str = "42P13";
    /// `cardinality_violation`
    pub const CARDINALITY_VIOLATION: &str = "21000";
    /// `invalid_tablesample_argument`
    pub const INVALID_TABLESAMPLE_ARGUMENT: &str = "2202H";
    /// `generated_always`
    pub const GENERATED_ALWAYS: &str = "428C9";
}
