//! The tokens of SQL text as Postgres's scanner and psql see them, as far as cutting needs it.
//!
//! Owns where strings, quoted names, dollar quotes and comments begin and end. Does not judge them: an invalid escape
//! or number is the parser's to report. Invariant: tokens are non-empty, ascending, never overlap, and start and end on
//! character boundaries (every delimiter is ASCII).

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// An unquoted name or key word, or a number.
    Word,
    /// A string, bit string or quoted name.
    Quoted,
    /// `$tag$ … $tag$`.
    Dollar,
    /// A semicolon.
    Semicolon,
    /// An opening parenthesis.
    Open,
    /// A closing parenthesis.
    Close,
    /// A backslash outside of quotes: the start of a psql command.
    Backslash,
    /// Any other character, one at a time.
    Other,
    /// A quote or comment without its end, up to the end of the text.
    Unterminated(Opened),
}

/// What was opened and not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// `'`
    String,
    /// `"`
    Name,
    /// `$tag$`
    Dollar,
    /// `/*`
    Comment,
}

impl Opened {
    /// Postgres's words for it.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Opened::String => "unterminated quoted string",
            Opened::Name => "unterminated quoted identifier",
            Opened::Dollar => "unterminated dollar-quoted string",
            Opened::Comment => "unterminated /* comment",
        }
    }
}

/// A run of bytes with its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Walks over a text, token by token; white space and comments are passed over.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Starts at a byte, which must not lie inside of a token.
    pub(crate) fn starting_at(text: &'a str, at: usize) -> Lexer<'a> {
        Lexer { text, bytes: text.as_bytes(), at }
    }

    /// The byte after the last token.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Goes on at another byte.
    pub(crate) fn jump(&mut self, at: usize) {
        self.at = at;
    }

    fn peek(&self, ahead: usize) -> u8 {
        // NUL never occurs in a text that reaches the lexer, so it can stand for the end
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Passes over white space and comments; the start of a block comment without an end is returned.
    fn skip_blank(&mut self) -> Option<usize> {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'-' if self.peek(1) == b'-' => self.at = line_end(self.bytes, self.at),
                b'/' if self.peek(1) == b'*' => {
                    let start = self.at;
                    if !self.skip_block_comment() {
                        return Some(start);
                    }
                }
                _ => return None,
            }
        }
    }

    fn skip_block_comment(&mut self) -> bool {
        self.at += 2;
        let mut depth = 1usize;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'*', b'/') => {
                    self.at += 2;
                    depth -= 1;
                    if depth == 0 {
                        return true;
                    }
                }
                (b'/', b'*') => {
                    self.at += 2;
                    depth += 1;
                }
                _ => self.at += 1,
            }
        }
        false
    }

    /// Ends after the closing quote; false at the end of the text. `at` stands on the opening quote.
    fn skip_quoted(&mut self, quote: u8, escapes: bool) -> bool {
        loop {
            self.at += 1;
            while self.at < self.bytes.len() {
                let byte = self.peek(0);
                if byte == quote {
                    if self.peek(1) != quote {
                        break;
                    }
                    self.at += 2;
                } else if escapes && byte == b'\\' {
                    self.at += 2;
                } else {
                    self.at += 1;
                }
            }
            if self.at >= self.bytes.len() {
                self.at = self.bytes.len();
                return false;
            }
            self.at += 1;
            // only for escape strings does it matter that 'a'<newline>'b' is one string
            match escapes.then(|| self.continuation()).flatten() {
                Some(next) => self.at = next,
                None => return true,
            }
        }
    }

    /// Where the string goes on behind white space that holds a line feed.
    fn continuation(&self) -> Option<usize> {
        let (mut at, mut newline) = (self.at, false);
        loop {
            match self.bytes.get(at)? {
                b'\n' | b'\r' => newline = true,
                b' ' | b'\t' | 0x0b | 0x0c => {}
                b'-' if self.bytes.get(at + 1) == Some(&b'-') => {
                    at = line_end(self.bytes, at);
                    continue;
                }
                b'\'' if newline => return Some(at),
                _ => return None,
            }
            at += 1;
        }
    }

    /// The end of `$tag$` when one starts here.
    fn dollar_tag(&self) -> Option<usize> {
        let mut at = self.at + 1;
        if is_name_start(self.bytes.get(at).copied().unwrap_or(0)) {
            while self.bytes.get(at).is_some_and(|b| is_name_start(*b) || b.is_ascii_digit()) {
                at += 1;
            }
        }
        (self.bytes.get(at) == Some(&b'$')).then_some(at + 1)
    }

    fn quoted(&mut self, start: usize, quote: u8, escapes: bool) -> Token {
        let closed = self.skip_quoted(quote, escapes);
        let opened = if quote == b'"' { Opened::Name } else { Opened::String };
        let kind = if closed { TokenKind::Quoted } else { TokenKind::Unterminated(opened) };
        Token { kind, start, end: self.at }
    }

    fn dollar(&mut self, start: usize) -> Option<Token> {
        let body = self.dollar_tag()?;
        let tag = self.text.get(start..body)?;
        let rest = self.text.get(body..)?;
        let (kind, end) = match rest.find(tag) {
            Some(found) => (TokenKind::Dollar, body + found + tag.len()),
            None => (TokenKind::Unterminated(Opened::Dollar), self.bytes.len()),
        };
        self.at = end;
        Some(Token { kind, start, end })
    }

    fn word(&mut self, start: usize) -> Token {
        while is_name_start(self.peek(0)) || self.peek(0).is_ascii_digit() || self.peek(0) == b'$' {
            self.at += 1;
        }
        Token { kind: TokenKind::Word, start, end: self.at }
    }

    /// A string with a prefix letter: `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`, `U&"…"`.
    fn prefixed(&mut self, start: usize) -> Option<Token> {
        match (self.peek(0), self.peek(1), self.peek(2)) {
            (b'e' | b'E', b'\'', _) => {
                self.at += 1;
                Some(self.quoted(start, b'\'', true))
            }
            (b'b' | b'B' | b'x' | b'X' | b'n' | b'N', b'\'', _) => {
                self.at += 1;
                Some(self.quoted(start, b'\'', false))
            }
            (b'u' | b'U', b'&', quote @ (b'\'' | b'"')) => {
                self.at += 2;
                Some(self.quoted(start, quote, false))
            }
            _ => None,
        }
    }

    fn single(&mut self, kind: TokenKind, start: usize) -> Token {
        self.at += 1;
        Token { kind, start, end: self.at }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if let Some(start) = self.skip_blank() {
            return Some(Token { kind: TokenKind::Unterminated(Opened::Comment), start, end: self.at });
        }
        let start = self.at;
        if start >= self.bytes.len() {
            return None;
        }
        let token = match self.peek(0) {
            b'\'' => self.quoted(start, b'\'', false),
            b'"' => self.quoted(start, b'"', false),
            b'$' => match self.dollar(start) {
                Some(token) => token,
                None => self.single(TokenKind::Other, start),
            },
            b';' => self.single(TokenKind::Semicolon, start),
            b'(' => self.single(TokenKind::Open, start),
            b')' => self.single(TokenKind::Close, start),
            b'\\' => self.single(TokenKind::Backslash, start),
            b if is_name_start(b) => match self.prefixed(start) {
                Some(token) => token,
                None => self.word(start),
            },
            b if b.is_ascii_digit() => self.word(start),
            _ => self.single(TokenKind::Other, start),
        };
        Some(token)
    }
}

/// Where the line ends that a byte is on: at its line feed, or the end of the text.
pub(crate) fn line_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().position(|b| *b == b'\n' || *b == b'\r').unwrap_or(rest.len())
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<&str> {
        Lexer::starting_at(text, 0).map(|t| text.get(t.start..t.end).unwrap_or("?")).collect()
    }

    #[test]
    fn quotes_and_comments() {
        assert_eq!(tokens("a 'b;''c' \"d;\"\"e\" --f;\n/* g /* ; */ ; */ h"), ["a", "'b;''c'", "\"d;\"\"e\"", "h"]);
        assert_eq!(tokens(r"E'a\';' 'b\' ;"), [r"E'a\';'", r"'b\'", ";"]);
        assert_eq!(tokens(r#"U&'\0061;' u&"a;""b" x"#), [r"U&'\0061;'", r#"u&"a;""b""#, "x"]);
        assert_eq!(tokens("'--' '/*' x"), ["'--'", "'/*'", "x"]);
    }

    #[test]
    fn an_escape_string_goes_on_after_a_line_feed() {
        assert_eq!(tokens("e'a' -- c'\n 'b\\';' ;"), ["e'a' -- c'\n 'b\\';'", ";"]);
        assert_eq!(tokens("e'a' 'b\\' ;"), ["e'a'", "'b\\'", ";"]);
    }

    #[test]
    fn dollar_quotes() {
        assert_eq!(tokens("$$a;$x$$ ;"), ["$$a;$x$$", ";"]);
        assert_eq!(tokens("$é1$ $$ ; $é1$x"), ["$é1$ $$ ; $é1$", "x"]);
        assert_eq!(tokens("a$b$c $1 $2;"), ["a$b$c", "$", "1", "$", "2", ";"]);
    }

    #[test]
    fn what_has_no_end_is_said() {
        for (text, opened) in [
            ("x 'a", Opened::String),
            ("x \"a", Opened::Name),
            ("x $a$ $b$", Opened::Dollar),
            ("x /* /* */", Opened::Comment),
            (r"x E'a\", Opened::String),
            (r"x E'a\'", Opened::String),
        ] {
            let last = Lexer::starting_at(text, 0).last();
            assert_eq!(
                last,
                Some(Token { kind: TokenKind::Unterminated(opened), start: 2, end: text.len() }),
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn tokens_ascend_and_fall_on_characters(text in "[ea$;'\"()*/\\\\\\n\\-é& 1]{0,40}") {
            let mut at = 0;
            for token in Lexer::starting_at(&text, 0) {
                proptest::prop_assert!(token.start >= at && token.end > token.start);
                proptest::prop_assert!(text.get(token.start..token.end).is_some());
                at = token.end;
            }
        }
    }
}
