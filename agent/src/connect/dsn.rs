//! Connection strings: `key = 'value'` pairs and `postgresql://` URIs, as libpq reads them.

use zeroize::Zeroizing;

use super::ConnectError;

/// Option and value, in the order of the string.
pub(super) type Pairs = Vec<(String, Zeroizing<String>)>;

/// Reads either form.
pub(super) fn parse(text: &str) -> Result<Pairs, ConnectError> {
    match without_scheme(text) {
        Some(rest) => parse_uri(rest),
        None => parse_pairs(text),
    }
}

/// Whether it is a URI rather than pairs.
pub(super) fn is_uri(text: &str) -> bool {
    without_scheme(text).is_some()
}

fn without_scheme(text: &str) -> Option<&str> {
    ["postgresql://", "postgres://"].iter().find_map(|scheme| text.strip_prefix(scheme))
}

fn malformed(detail: &str) -> ConnectError {
    ConnectError::MalformedDsn { detail: detail.to_owned() }
}

fn parse_pairs(text: &str) -> Result<Pairs, ConnectError> {
    let mut pairs = Pairs::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (keyword, after) = rest.split_once('=').ok_or_else(|| malformed("missing \"=\" after an option"))?;
        let keyword = keyword.trim_end();
        if keyword.is_empty() || keyword.contains(char::is_whitespace) {
            return Err(malformed("missing \"=\" after an option"));
        }
        let (value, after) = take_value(after.trim_start())?;
        pairs.push((keyword.to_owned(), value));
        rest = after.trim_start();
    }
    Ok(pairs)
}

/// A value up to white space, or in single quotes; a backslash takes the next character as it is.
fn take_value(text: &str) -> Result<(Zeroizing<String>, &str), ConnectError> {
    let (quoted, body) = match text.strip_prefix('\'') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let mut value = Zeroizing::new(String::with_capacity(text.len()));
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, escaped)) => value.push(escaped),
                None => return Err(malformed("it ends in a backslash")),
            },
            '\'' if quoted => return Ok((value, body.get(at + 1..).unwrap_or_default())),
            c if !quoted && c.is_whitespace() => return Ok((value, body.get(at..).unwrap_or_default())),
            c => value.push(c),
        }
    }
    if quoted { Err(malformed("a quoted value is not terminated")) } else { Ok((value, "")) }
}

/// `[user[:password]@][host[:port]][/dbname][?option=value[&…]]`.
fn parse_uri(rest: &str) -> Result<Pairs, ConnectError> {
    let mut pairs = Pairs::new();
    let whole = rest;
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, database) = rest.split_once('/').map_or((rest, None), |(rest, name)| (rest, Some(name)));
    if !authority.contains('@') && whole.contains('@') {
        // A password with one of the separators in it would be taken apart, and its pieces for host, port or database.
        return Err(malformed(
            "an \"@\" comes after the host: in names, passwords and values write \"@\" as %40, \"/\" as %2F, \"?\" as %3F",
        ));
    }
    let (credentials, address) = match authority.rsplit_once('@') {
        Some((credentials, address)) => (Some(credentials), address),
        None => (None, authority),
    };
    if let Some(credentials) = credentials {
        let (user, password) =
            credentials.split_once(':').map_or((credentials, None), |(user, password)| (user, Some(password)));
        add(&mut pairs, "user", user)?;
        add(&mut pairs, "password", password.unwrap_or_default())?;
    }
    let (host, port) = split_address(address)?;
    add(&mut pairs, "host", host)?;
    add(&mut pairs, "port", port)?;
    add(&mut pairs, "dbname", database.unwrap_or_default())?;
    for parameter in query.into_iter().flat_map(|query| query.split('&')) {
        let (name, value) = parameter.split_once('=').ok_or_else(|| malformed("a parameter has no \"=\""))?;
        let name = decode(name)?;
        match (name.as_str(), value) {
            // JDBC's spelling, which libpq takes too.
            ("ssl", "true") => add(&mut pairs, "sslmode", "require")?,
            (name, value) => pairs.push((name.to_owned(), decode(value)?)),
        }
    }
    Ok(pairs)
}

fn split_address(address: &str) -> Result<(&str, &str), ConnectError> {
    if let Some(rest) = address.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| malformed("an IPv6 address has no \"]\""))?;
        return match (after, after.strip_prefix(':')) {
            ("", _) => Ok((host, "")),
            (_, Some(port)) => Ok((host, port)),
            _ => Err(malformed("unexpected text after an IPv6 address")),
        };
    }
    Ok(address.split_once(':').unwrap_or((address, "")))
}

/// Adds a part of a URI unless it is empty.
fn add(pairs: &mut Pairs, option: &str, encoded: &str) -> Result<(), ConnectError> {
    if !encoded.is_empty() {
        pairs.push((option.to_owned(), decode(encoded)?));
    }
    Ok(())
}

fn decode(encoded: &str) -> Result<Zeroizing<String>, ConnectError> {
    let wrong = || malformed("invalid percent-encoding");
    let mut bytes = Zeroizing::new(Vec::with_capacity(encoded.len()));
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit(rest.next()), digit(rest.next()));
        let value = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match value {
            Some(0) | None => return Err(wrong()),
            Some(value) => bytes.push(value),
        }
    }
    String::from_utf8(bytes.to_vec()).map(Zeroizing::new).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        parse(text).unwrap().into_iter().map(|(option, value)| (option, value.to_string())).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(option, value)| ((*option).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn pairs_are_read_as_libpq_does() {
        assert_eq!(read(""), []);
        assert_eq!(read("  host=a  port = 5433 "), pairs(&[("host", "a"), ("port", "5433")]));
        assert_eq!(read("host='a b' dbname=''"), pairs(&[("host", "a b"), ("dbname", "")]));
        assert_eq!(read(r"user='o\'hara' dbname=a\\b\ c"), pairs(&[("user", "o'hara"), ("dbname", r"a\b c")]));
        assert_eq!(read("dbname=a=b"), pairs(&[("dbname", "a=b")]));
        assert_eq!(read("host= port=1"), pairs(&[("host", "port=1")]));
    }

    #[test]
    fn uris_are_read_as_libpq_does() {
        assert_eq!(read("postgresql://"), []);
        assert_eq!(
            read("postgres://al%20ice@db.example:5433/sh%6fp?sslmode=verify-full&application_name=x"),
            pairs(&[
                ("user", "al ice"),
                ("host", "db.example"),
                ("port", "5433"),
                ("dbname", "shop"),
                ("sslmode", "verify-full"),
                ("application_name", "x"),
            ])
        );
        assert_eq!(read("postgresql://[::1]:5433"), pairs(&[("host", "::1"), ("port", "5433")]));
        assert_eq!(read("postgresql:///d?host=/run/pg"), pairs(&[("dbname", "d"), ("host", "/run/pg")]));
        assert_eq!(read("postgresql://%2Frun%2Fpg/d"), pairs(&[("host", "/run/pg"), ("dbname", "d")]));
        assert_eq!(read("postgresql://h?ssl=true"), pairs(&[("host", "h"), ("sslmode", "require")]));
    }

    #[test]
    fn malformed_strings_are_refused_without_being_shown() {
        for text in [
            "host",
            "host a=b",
            "=a",
            "password='secret",
            r"password=secret\",
            "postgresql://h?secret",
            "postgresql://[::1",
            "postgresql://[::1]x",
            "postgresql://h/%zz",
            "postgresql://h/%2",
            "postgresql://h/%00",
            "postgresql://h/%ff",
            "postgresql://u:secret/x@h/db",
            "postgresql://u:1/secret@h/db",
            "postgresql://u:a?secret=x@h/db",
            "postgresql://u:12?a=secret@h",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code(), "C0101", "{text}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
