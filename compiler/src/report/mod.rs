//! A plan for its readers: [`human`] for a terminal, [`sql`] for a script.
//!
//! Everything printed comes from the plan alone, so that a reviewer who has only `plan.json` sees the same as its author.
//! Names, statements and notes are printed without control characters other than line ends: a plan from elsewhere
//! cannot drive the reader's terminal, or hide a statement behind a comment.

pub mod delta;
pub mod human;
pub(crate) mod quantity;
#[cfg(test)]
pub(crate) mod sample;
pub mod sql;

/// A text without anything that a terminal would act on; line ends stay.
fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' => '\n',
        '\t' => ' ',
        // marks that reorder or hide text, as well as controls
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' => '\u{FFFD}',
        c if c.is_control() => '\u{FFFD}',
        c => c,
    };
    text.replace("\r\n", "\n").chars().map(shown).collect()
}

/// A text on one line.
fn one_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}
