//! Amounts of money, as in locale `C`: `$1,234.50`.
//!
//! Follows `cash_in` and `cash_out`, cash.c (PG 18; all majors agree in these locales). Other locales have other symbols and
//! other numbers of decimals, which only the server's C library knows.

use super::{Normal, invalid_syntax, out_of_range, refuse};
use crate::env::Surroundings;

/// Decimals.
const POINTS: u32 = 2;

/// What `isspace` says in these locales.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// What is left of a text.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn first(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn skip(&mut self) {
        self.0 = self.0.get(1..).unwrap_or_default();
    }

    fn take(&mut self, wanted: u8) -> bool {
        let is = self.first() == Some(wanted);
        if is {
            self.skip();
        }
        is
    }

    fn take_digit(&mut self) -> Option<i64> {
        let digit = self.first().filter(u8::is_ascii_digit)?;
        self.skip();
        Some(i64::from(digit - b'0'))
    }

    fn skip_space(&mut self) {
        while self.first().is_some_and(is_space) {
            self.skip();
        }
    }

    fn skip_symbol(&mut self) {
        self.skip_space();
        self.take(b'$');
        self.skip_space();
    }
}

/// The normal form of an amount.
pub(super) fn money(surroundings: &Surroundings, text: &str) -> Normal {
    if !surroundings.money_is_as_in_c() {
        return Err(refuse("unsupported.literal.money", "a literal of type money under this lc_monetary"));
    }
    let mut rest = Rest(text.as_bytes());
    rest.skip_symbol();
    let mut negative = rest.take(b'-') || rest.take(b'(');
    if !negative {
        rest.take(b'+');
    }
    rest.skip_symbol();
    let too_large = || out_of_range("money", text);
    // the amount is counted below zero, where there is room for one more
    let (mut value, mut decimals) = (0_i64, None);
    loop {
        if decimals.is_none_or(|count| count < POINTS)
            && let Some(digit) = rest.take_digit()
        {
            value = value.checked_mul(10).and_then(|value| value.checked_sub(digit)).ok_or_else(too_large)?;
            decimals = decimals.map(|count| count + 1);
        } else if decimals.is_none() && rest.take(b'.') {
            decimals = Some(0);
        } else if !rest.take(b',') {
            break;
        }
    }
    if rest.first().is_some_and(|digit| (b'5'..=b'9').contains(&digit)) {
        value = value.checked_sub(1).ok_or_else(too_large)?;
    }
    for _ in decimals.unwrap_or(0)..POINTS {
        value = value.checked_mul(10).ok_or_else(too_large)?;
    }
    while rest.take_digit().is_some() {}
    while let Some(byte) = rest.first() {
        match byte {
            b'-' => negative = true,
            b')' | b'+' | b'$' => {}
            space if is_space(space) => {}
            _ => return Err(invalid_syntax("money", text)),
        }
        rest.skip();
    }
    if !negative && value == i64::MIN {
        return Err(too_large());
    }
    Ok(printed(value.unsigned_abs(), negative && value != 0))
}

fn printed(amount: u64, negative: bool) -> String {
    let digits = (amount / 100).to_string();
    let mut out = String::from(if negative { "-$" } else { "$" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(&format!(".{:02}", amount % 100));
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Normal {
        money(&Surroundings { monetary_locale: Some("C".to_owned()), ..Surroundings::default() }, text)
    }

    #[test]
    fn amounts_are_written_as_servers_do() {
        for (text, normal) in [
            ("1", "$1.00"),
            ("", "$0.00"),
            (" $1,234,567.895 ", "$1,234,567.90"),
            ("(12.3)", "-$12.30"),
            ("-$0.004", "$0.00"),
            ("1.23-", "-$1.23"),
            ("-92233720368547758.08", "-$92,233,720,368,547,758.08"),
            ("999", "$999.00"),
            ("1000", "$1,000.00"),
            ("1,2,3", "$123.00"),
        ] {
            assert_eq!(read(text).unwrap(), normal, "{text}");
        }
        assert!(read("92233720368547758.08").is_err());
        assert!(read("1x").is_err());
        assert!(read("1 000").is_err());
    }

    #[test]
    fn other_locales_are_refused() {
        let error = money(&Surroundings::default(), "1").unwrap_err();
        assert_eq!(error.code(), "unsupported.literal.money");
    }
}
