//! What analysis says about an expression, placed in the statement that it came from.

use super::statement::Statement;
use crate::analyze::AnalyzeError;
use crate::diagnostic::{Diagnostic, Span, SqlState, codes};

impl Statement {
    /// Places an error of analysis, whose location is one of this statement's raw tree.
    pub fn diagnose(&self, error: &AnalyzeError) -> Diagnostic {
        let diagnostic = match error {
            AnalyzeError::Rejected(rejection) => {
                let mut diagnostic = Diagnostic::error(codes::EXPRESSION_REJECTED, rejection.message.as_str())
                    .with_sqlstate(SqlState::new(rejection.sqlstate));
                diagnostic.detail.clone_from(&rejection.detail);
                diagnostic.hint.clone_from(&rejection.hint);
                diagnostic
            }
            AnalyzeError::Unsupported(unsupported) => {
                Diagnostic::error(codes::EXPRESSION_UNSUPPORTED, format!("{} is not supported", unsupported.feature))
                    .with_detail(unsupported.code)
                    .with_sqlstate(SqlState::FEATURE_NOT_SUPPORTED)
            }
        };
        diagnostic.at(self.span_of(error.location()))
    }

    /// The place of the token at a location of the raw tree; the statement's first line where none is known.
    #[must_use]
    pub fn span_of(&self, location: Option<u32>) -> Span {
        match location.and_then(|at| i32::try_from(at).ok()) {
            Some(at) => self.span_at(at),
            None => self.first_line(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::syntax::{SyntaxOptions, read_text};

    #[test]
    fn errors_of_analysis_point_into_the_file() {
        // the first statement is wrong, so that the second is parsed alone and its locations are its own
        for text in ["bad;\ncreate table t (\n a int default nothing())", "create table t (\n a int default nothing())"]
        {
            let schema = read_text("s.sql", text, &SyntaxOptions::default());
            let statement = schema.statements.first().unwrap();
            let at = statement.text().find("nothing").unwrap();
            let location = i32::try_from(at).unwrap();
            let error = AnalyzeError::rejected("42883", "function nothing() does not exist", location).hint("h");
            let diagnostic = statement.diagnose(&error);
            assert_eq!(schema.sources.text(diagnostic.span.unwrap()), "nothing");
            assert_eq!(diagnostic.sqlstate.unwrap().as_str(), "42883");
            assert_eq!(diagnostic.hint.as_deref(), Some("h"));
            let diagnostic = statement.diagnose(&AnalyzeError::unsupported("unsupported.x", "x", -1));
            assert_eq!(schema.sources.text(diagnostic.span.unwrap()), "create table t (");
            assert_eq!(diagnostic.code, codes::EXPRESSION_UNSUPPORTED);
        }
    }
}
