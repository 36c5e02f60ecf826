//! Lines and their indentation.
//!
//! Follows `appendContextKeyword` and `removeStringInfoSpaces`, ruleutils.c (PG 18). Nearly everything is printed in lines; what
//! is not (`RETURN expression` of a function) has the same words with single spaces.

use super::Printer;

/// How far the clauses of a query are moved to the right (`PRETTYINDENT_STD`).
pub(super) const INDENT_STD: i32 = 8;
/// How much further a join is (`PRETTYINDENT_JOIN`).
pub(super) const INDENT_JOIN: i32 = 4;
/// How much further the items of a list are, and what is inside a `CASE` (`PRETTYINDENT_VAR`).
pub(super) const INDENT_VAR: i32 = 4;
/// Beyond this many spaces, deeper levels are moved by less (`PRETTYINDENT_LIMIT`).
const INDENT_LIMIT: i32 = 40;

/// Whether clauses stand on lines of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// They do.
    Lines,
    /// All in one line.
    Plain,
}

impl Printer<'_> {
    /// Prints a word on a line of its own. `before` and `after` move this line and those that follow, `plus` this one alone.
    pub(super) fn keyword(&mut self, word: &str, before: i32, after: i32, plus: i32) {
        if self.layout == Layout::Plain {
            self.push(word);
            return;
        }
        self.indent += before;
        self.trim_spaces();
        self.push("\n");
        let spaces = if self.indent < INDENT_LIMIT {
            self.indent.max(0)
        } else {
            // Deep trees would need a square of their depth in spaces.
            (INDENT_LIMIT + (self.indent - INDENT_LIMIT) / (INDENT_STD / 2)) % INDENT_LIMIT
        };
        self.out.extend((0..spaces + plus).map(|_| ' '));
        self.push(word);
        self.indent = (self.indent + after).max(0);
    }

    /// The word of a clause, on the line that the query's own words are on.
    pub(super) fn clause(&mut self, word: &str, plus: i32) {
        self.keyword(word, -INDENT_STD, INDENT_STD, plus);
    }

    /// Starts a query's first clause: what follows is moved to the right.
    pub(super) fn open_clauses(&mut self) {
        if self.layout == Layout::Lines {
            self.indent += INDENT_STD;
            self.push(" ");
        }
    }

    /// Moves what follows, where there are lines.
    pub(super) fn move_by(&mut self, spaces: i32) {
        if self.layout == Layout::Lines {
            self.indent += spaces;
        }
    }

    /// A space where a line would end otherwise.
    pub(super) fn space_if_plain(&mut self) {
        if self.layout == Layout::Plain {
            self.push(" ");
        }
    }

    /// Takes off the spaces at the end, down to where the item at hand starts.
    fn trim_spaces(&mut self) {
        let kept = self.out.get(self.floor..).map_or(0, |item| item.trim_end_matches(' ').len());
        self.out.truncate(self.floor + kept);
    }

    /// Prints an item of a list that gets a line of its own unless it is the first, or begins with an end of line itself.
    pub(super) fn item<E>(&mut self, first: bool, print: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        if self.layout == Layout::Plain {
            return print(self);
        }
        let before = self.out.get(self.floor..).map_or(0, |text| text.trim_end_matches(' ').len()) + self.floor;
        if !first {
            self.keyword("", -INDENT_STD, INDENT_STD, INDENT_VAR);
        }
        let start = self.out.len();
        let floor = std::mem::replace(&mut self.floor, start);
        let result = print(self);
        self.floor = floor;
        if self.out.get(start..).is_some_and(|item| item.starts_with('\n')) {
            self.out.replace_range(before..start, "");
        }
        result
    }
}
