//! Texts as a terminal or a journal may get them: names, statements and messages come from plans and databases, and must not drive the
//! one, or put lines of their own into the other.

/// A text without anything that a terminal would act on; line ends stay.
#[must_use]
pub fn visible(text: &str) -> String {
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
#[must_use]
pub fn one_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_drives_a_terminal() {
        let text = "a\u{1b}[2J\r\nb\tc\u{202e}\u{9b}\rd";
        assert_eq!(visible(text), "a\u{FFFD}[2J\nb c\u{FFFD}\u{FFFD}\u{FFFD}d");
        assert_eq!(one_line(text), "a\u{FFFD}[2J b c\u{FFFD}\u{FFFD}\u{FFFD}d");
    }
}
