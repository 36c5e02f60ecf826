//! The fields of a date, time or interval, and what the words among them mean.
//!
//! Follows `ParseDateTime` and the token tables of datetime.c (PG 18).

use super::{Refusal, refuse, reject};

/// How a field of the input looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    Number,
    Word,
    Date,
    Time,
    Zone,
    Special,
}

/// A field of the input, letters in lower case.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) kind: FieldKind,
    pub(super) text: String,
}

/// Why a date or time is refused, in the terms of datetime.c.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    BadFormat,
    FieldOverflow,
    MonthDayOverflow,
    IntervalOverflow,
    ZoneOverflow,
    /// The value depends on the moment.
    Moment,
    /// The time zone is not one of those known without a database.
    ZoneName,
}

impl Fault {
    /// The server's error for input `text` of type `name`.
    pub(super) fn report(self, name: &str, text: &str) -> Refusal {
        match self {
            Fault::BadFormat => reject("22007", format!("invalid input syntax for type {name}: \"{text}\"")),
            Fault::FieldOverflow => reject("22008", format!("date/time field value out of range: \"{text}\"")),
            Fault::MonthDayOverflow => reject("22008", format!("date/time field value out of range: \"{text}\""))
                .hint("Perhaps you need a different \"DateStyle\" setting."),
            Fault::IntervalOverflow => reject("22015", format!("interval field value out of range: \"{text}\"")),
            Fault::ZoneOverflow => reject("22009", format!("time zone displacement out of range: \"{text}\"")),
            Fault::Moment => refuse(
                "unsupported.literal.moment",
                format!("a {name} literal whose value is that of the moment (\"{text}\")"),
            ),
            Fault::ZoneName => {
                refuse("unsupported.literal.time-zone", format!("a {name} literal with a named time zone (\"{text}\")"))
            }
        }
    }
}

/// Splits the input into fields; follows `ParseDateTime`.
pub(super) fn split_fields(text: &str) -> Result<Vec<Field>, Fault> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut fields = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = at(i);
        let mut buf = String::new();
        if c.is_ascii_whitespace() || c == '\x0b' {
            i += 1;
            continue;
        }
        let take = |i: &mut usize, buf: &mut String, accept: &dyn Fn(char) -> bool| {
            while *i < chars.len() && accept(at(*i)) {
                buf.push(at(*i).to_ascii_lowercase());
                *i += 1;
            }
        };
        let digit = |c: char| c.is_ascii_digit();
        let kind = if digit(c) {
            take(&mut i, &mut buf, &digit);
            let d = at(i);
            if d == ':' {
                take(&mut i, &mut buf, &|c| digit(c) || c == ':' || c == '.');
                FieldKind::Time
            } else if matches!(d, '-' | '/' | '.') {
                buf.push(d);
                i += 1;
                if digit(at(i)) {
                    take(&mut i, &mut buf, &digit);
                    if at(i) == d {
                        take(&mut i, &mut buf, &|c| digit(c) || c == d);
                        FieldKind::Date
                    } else if d == '.' {
                        FieldKind::Number
                    } else {
                        FieldKind::Date
                    }
                } else {
                    let before = i;
                    take(&mut i, &mut buf, &|c| c.is_ascii_alphanumeric() || c == d);
                    if d == '.' && before == i { FieldKind::Number } else { FieldKind::Date }
                }
            } else {
                FieldKind::Number
            }
        } else if c == '.' {
            buf.push(c);
            i += 1;
            take(&mut i, &mut buf, &digit);
            FieldKind::Number
        } else if c.is_ascii_alphabetic() {
            take(&mut i, &mut buf, &|c| c.is_ascii_alphabetic());
            let d = at(i);
            let is_date = matches!(d, '-' | '/' | '.') || ((d == '+' || digit(d)) && keyword(&buf).is_none());
            if is_date {
                take(&mut i, &mut buf, &|c| {
                    matches!(c, '+' | '-' | '/' | '_' | '.' | ':') || c.is_ascii_alphanumeric()
                });
                FieldKind::Date
            } else {
                FieldKind::Word
            }
        } else if c == '+' || c == '-' {
            buf.push(c);
            i += 1;
            while at(i).is_ascii_whitespace() {
                i += 1;
            }
            if digit(at(i)) {
                take(&mut i, &mut buf, &|c| digit(c) || matches!(c, ':' | '.' | '-'));
                FieldKind::Zone
            } else if at(i).is_ascii_alphabetic() {
                take(&mut i, &mut buf, &|c| c.is_ascii_alphabetic());
                FieldKind::Special
            } else {
                return Err(Fault::BadFormat);
            }
        } else if c.is_ascii_punctuation() {
            i += 1;
            continue;
        } else {
            return Err(Fault::BadFormat);
        };
        fields.push(Field { kind, text: buf });
        if fields.len() > 25 {
            return Err(Fault::BadFormat);
        }
    }
    Ok(fields)
}

/// What a word in a date or time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Month(i64),
    WeekDay,
    Am,
    Pm,
    Bc,
    Ad,
    Epoch,
    Infinity,
    NegativeInfinity,
    AllBalls,
    Moment,
    IsoTime,
    Julian,
    Ignore,
    Dst,
    /// Seconds east of Greenwich.
    Zone(i64),
    Unit,
}

pub(super) fn keyword(word: &str) -> Option<Keyword> {
    // datetktbl compares the first ten characters
    let word = word.get(..10).unwrap_or(word);
    Some(match word {
        "jan" | "january" => Keyword::Month(1),
        "feb" | "february" => Keyword::Month(2),
        "mar" | "march" => Keyword::Month(3),
        "apr" | "april" => Keyword::Month(4),
        "may" => Keyword::Month(5),
        "jun" | "june" => Keyword::Month(6),
        "jul" | "july" => Keyword::Month(7),
        "aug" | "august" => Keyword::Month(8),
        "sep" | "sept" | "september" => Keyword::Month(9),
        "oct" | "october" => Keyword::Month(10),
        "nov" | "november" => Keyword::Month(11),
        "dec" | "december" => Keyword::Month(12),
        "sun" | "sunday" | "mon" | "monday" | "tue" | "tues" | "tuesday" | "wed" | "weds" | "wednesday" | "thu"
        | "thur" | "thurs" | "thursday" | "fri" | "friday" | "sat" | "saturday" => Keyword::WeekDay,
        "am" => Keyword::Am,
        "pm" => Keyword::Pm,
        "bc" => Keyword::Bc,
        "ad" => Keyword::Ad,
        "epoch" => Keyword::Epoch,
        "infinity" | "+infinity" => Keyword::Infinity,
        "-infinity" => Keyword::NegativeInfinity,
        "allballs" => Keyword::AllBalls,
        "now" | "today" | "tomorrow" | "yesterday" => Keyword::Moment,
        "t" => Keyword::IsoTime,
        "j" | "jd" | "julian" => Keyword::Julian,
        "at" | "on" => Keyword::Ignore,
        "dst" => Keyword::Dst,
        "d" | "dow" | "doy" | "h" | "isodow" | "isoyear" | "m" | "mm" | "s" | "y" => Keyword::Unit,
        "z" | "utc" | "gmt" | "zulu" | "ut" | "uct" => Keyword::Zone(0),
        _ => return zone_abbreviation(word).map(Keyword::Zone),
    })
}

/// The abbreviations of the default set whose offset has never changed within the set.
fn zone_abbreviation(word: &str) -> Option<i64> {
    let hours = match word {
        "est" | "cdt" => -5,
        "edt" => -4,
        "cst" | "mdt" => -6,
        "mst" | "pdt" => -7,
        "pst" => -8,
        "wet" => 0,
        "cet" | "met" | "bst" | "west" => 1,
        "cest" | "eet" | "mest" => 2,
        "eest" => 3,
        "jst" | "kst" => 9,
        _ => return None,
    };
    Some(hours * 3600)
}
