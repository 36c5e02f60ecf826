//! A writer of canonical JSON: bytes as the value is walked over, with no tree of it in between.
//!
//! The members of an object are put in the byte order of their keys when it ends. What JSON cannot say is an error.

use std::fmt::{Display, Write as _};
use std::ops::Range;

use serde::ser::{self, Impossible, Serialize};
use serde_json::Number;

use super::{Appended, is_special, line, write_escaped, write_string};

/// Writes a value behind what is there; `indent` is how deep it is nested, in what people read.
pub(super) fn append<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
    indent: Option<usize>,
) -> Result<(), Unwritable> {
    value.serialize(Writer { out, indent })
}

/// A value that JSON has no form for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unwritable(String);

impl ser::Error for Unwritable {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    indent: Option<usize>,
}

impl<'a> Writer<'a> {
    fn digits(self, number: impl Display) {
        // appending to a vector cannot fail
        let _ = std::io::Write::write_fmt(self.out, format_args!("{number}"));
    }

    fn list(self, tag: bool) -> List<'a> {
        self.out.push(b'[');
        List { inner: self.indent.map(|n| n + 1), indent: self.indent, out: self.out, len: 0, tag }
    }

    /// An object of that many members, where it is known.
    fn object(self, members: usize, tag: bool) -> Object<'a> {
        self.out.push(b'{');
        Object {
            first: self.out.len(),
            inner: self.indent.map(|n| n + 1),
            indent: self.indent,
            out: self.out,
            members: Vec::with_capacity(members),
            sorted: true,
            tag,
        }
    }

    /// Opens `{"variant":`, which [`close_tag`] closes.
    fn tag(self, variant: &str) -> Writer<'a> {
        self.out.push(b'{');
        let indent = self.indent.map(|n| n + 1);
        line(self.out, indent);
        write_key(self.out, variant, indent);
        Writer { out: self.out, indent }
    }
}

fn write_key(out: &mut Vec<u8>, key: &str, indent: Option<usize>) {
    write_string(out, key);
    out.extend_from_slice(if indent.is_some() { b": " } else { b":" });
}

/// Closes what [`Writer::tag`] opened; `inner` is how deep the tagged value is nested.
fn close_tag(out: &mut Vec<u8>, inner: Option<usize>) {
    line(out, inner.map(|n| n.saturating_sub(1)));
    out.push(b'}');
}

impl<'a> ser::Serializer for Writer<'a> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Object<'a>;
    type SerializeStruct = Object<'a>;
    type SerializeStructVariant = Object<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Unwritable> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Unwritable> {
        self.digits(value);
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unwritable> {
        self.digits(value);
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Unwritable> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Unwritable> {
        let number = Number::from_f64(value).ok_or_else(|| Unwritable(format!("no JSON for {value}")))?;
        self.digits(number);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Unwritable> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Unwritable> {
        write_string(self.out, value);
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        self.out.push(b'"');
        let start = self.out.len();
        write!(Appended(self.out), "{value}").map_err(ser::Error::custom)?;
        // most texts come in many pieces and need nothing
        if self.out.iter().skip(start).any(|byte| is_special(*byte)) {
            let text = self.out.split_off(start);
            write_escaped(self.out, &text);
        }
        self.out.push(b'"');
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unwritable> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritable> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Unwritable> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        let Writer { out, indent } = self.tag(variant);
        value.serialize(Writer { out, indent })?;
        close_tag(out, indent);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, Unwritable> {
        Ok(self.list(false))
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'a>, Unwritable> {
        Ok(self.list(false))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'a>, Unwritable> {
        Ok(self.list(false))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'a>, Unwritable> {
        Ok(self.tag(variant).list(true))
    }

    fn serialize_map(self, members: Option<usize>) -> Result<Object<'a>, Unwritable> {
        Ok(self.object(members.unwrap_or_default(), false))
    }

    fn serialize_struct(self, _: &'static str, members: usize) -> Result<Object<'a>, Unwritable> {
        Ok(self.object(members, false))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        members: usize,
    ) -> Result<Object<'a>, Unwritable> {
        Ok(self.tag(variant).object(members, true))
    }
}

struct List<'a> {
    out: &'a mut Vec<u8>,
    indent: Option<usize>,
    inner: Option<usize>,
    len: usize,
    tag: bool,
}

impl List<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Unwritable> {
        if self.len > 0 {
            self.out.push(b',');
        }
        self.len += 1;
        line(self.out, self.inner);
        item.serialize(Writer { out: self.out, indent: self.inner })
    }

    fn close(self) -> Result<(), Unwritable> {
        if self.len > 0 {
            line(self.out, self.indent);
        }
        self.out.push(b']');
        if self.tag {
            close_tag(self.out, self.indent);
        }
        Ok(())
    }
}

struct Object<'a> {
    out: &'a mut Vec<u8>,
    /// Where the first member starts.
    first: usize,
    indent: Option<usize>,
    inner: Option<usize>,
    /// Keys, and where their members are, without the commas.
    members: Vec<(Key, Range<usize>)>,
    sorted: bool,
    tag: bool,
}

/// The key of a member: a field's name or a text of its own.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key(std::borrow::Cow<'static, str>);

impl Object<'_> {
    fn open(&mut self, key: &str) -> usize {
        if let Some((Key(last), _)) = self.members.last() {
            self.sorted &= **last < *key;
            self.out.push(b',');
        }
        let start = self.out.len();
        line(self.out, self.inner);
        write_key(self.out, key, self.inner);
        start
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unwritable> {
        let start = self.open(key);
        value.serialize(Writer { out: self.out, indent: self.inner })?;
        self.members.push((Key(key.into()), start..self.out.len()));
        Ok(())
    }

    fn close(mut self) -> Result<(), Unwritable> {
        if !self.sorted {
            self.sort()?;
        }
        if !self.members.is_empty() {
            line(self.out, self.indent);
        }
        self.out.push(b'}');
        if self.tag {
            close_tag(self.out, self.indent);
        }
        Ok(())
    }

    fn sort(&mut self) -> Result<(), Unwritable> {
        self.members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if self.members.is_sorted_by(|(a, _), (b, _)| a < b) {
            let written = self.out.split_off(self.first);
            for (at, (_, range)) in self.members.iter().enumerate() {
                if at > 0 {
                    self.out.push(b',');
                }
                let range = range.start - self.first..range.end - self.first;
                self.out.extend_from_slice(written.get(range).unwrap_or_default());
            }
            return Ok(());
        }
        Err(Unwritable("an object has a key twice".to_owned()))
    }
}

macro_rules! lists {
    ($($form:ident $method:ident;)*) => {$(
        impl ser::$form for List<'_> {
            type Ok = ();
            type Error = Unwritable;
            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Unwritable> {
                self.item(item)
            }
            fn end(self) -> Result<(), Unwritable> {
                self.close()
            }
        }
    )*};
}

lists! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! structs {
    ($($form:ident;)*) => {$(
        impl ser::$form for Object<'_> {
            type Ok = ();
            type Error = Unwritable;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unwritable> {
                self.field(key, value)
            }
            fn end(self) -> Result<(), Unwritable> {
                self.close()
            }
        }
    )*};
}

structs! {
    SerializeStruct;
    SerializeStructVariant;
}

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        let key = key.serialize(KeyText)?;
        let start = self.open(&key);
        self.members.push((Key(key.into()), start..start));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        value.serialize(Writer { out: self.out, indent: self.inner })?;
        if let Some((_, range)) = self.members.last_mut() {
            range.end = self.out.len();
        }
        Ok(())
    }

    fn end(self) -> Result<(), Unwritable> {
        self.close()
    }
}

/// The text of a key: a string, a name or a whole number.
struct KeyText;

macro_rules! number_keys {
    ($($method:ident $number:ty;)*) => {$(
        fn $method(self, value: $number) -> Result<String, Unwritable> {
            Ok(value.to_string())
        }
    )*};
}

macro_rules! no_keys {
    ($($method:ident($($argument:ty),*) -> $answer:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$answer, Unwritable> {
            Err(not_a_key())
        }
    )*};
}

fn not_a_key() -> Unwritable {
    Unwritable("the key of an object is not text".to_owned())
}

impl ser::Serializer for KeyText {
    type Ok = String;
    type Error = Unwritable;
    type SerializeSeq = Impossible<String, Unwritable>;
    type SerializeTuple = Impossible<String, Unwritable>;
    type SerializeTupleStruct = Impossible<String, Unwritable>;
    type SerializeTupleVariant = Impossible<String, Unwritable>;
    type SerializeMap = Impossible<String, Unwritable>;
    type SerializeStruct = Impossible<String, Unwritable>;
    type SerializeStructVariant = Impossible<String, Unwritable>;

    number_keys! {
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
        serialize_u64 u64;
        serialize_char char;
        serialize_str &str;
    }

    no_keys! {
        serialize_bool(bool) -> String;
        serialize_f32(f32) -> String;
        serialize_f64(f64) -> String;
        serialize_bytes(&[u8]) -> String;
        serialize_none() -> String;
        serialize_unit() -> String;
        serialize_unit_struct(&'static str) -> String;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<String, Unwritable> {
        Ok(variant.to_owned())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<String, Unwritable> {
        Err(not_a_key())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<String, Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String, Unwritable> {
        Err(not_a_key())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::Value;

    use super::super::{to_bytes, to_document};

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Variant {
        Unit,
        New(i64),
        Tuple(u8, char),
        Struct { zulu: bool, alpha: Option<u8> },
        Nested(Box<Variant>),
        Empty(Vec<u8>),
    }

    #[derive(Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Inner { b: u8, a: u8 },
    }

    #[derive(Serialize)]
    struct Sample {
        text: &'static str,
        numbers: BTreeMap<i32, u64>,
        words: BTreeMap<String, Vec<Variant>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u8>,
        none: Option<u8>,
        pair: (i8, f64),
        address: std::net::Ipv4Addr,
        tagged: Tagged,
        #[serde(flatten)]
        more: BTreeMap<String, u8>,
        unit: (),
    }

    fn sample() -> Sample {
        Sample {
            text: "q\"b\\n\n\r\t\u{1}\u{7f}é€😀 \u{2028}",
            numbers: [(-2, 7), (10, 8), (9, u64::MAX)].into(),
            words: [
                ("b\"".to_owned(), vec![Variant::Unit, Variant::New(i64::MIN), Variant::Tuple(3, 'x')]),
                ("b!".to_owned(), vec![Variant::Struct { zulu: true, alpha: None }]),
                (String::new(), vec![Variant::Nested(Box::new(Variant::Empty(Vec::new())))]),
            ]
            .into(),
            left_out: None,
            none: None,
            pair: (-1, 1.5),
            address: std::net::Ipv4Addr::LOCALHOST,
            tagged: Tagged::Inner { b: 1, a: 2 },
            more: [("zz".to_owned(), 1), ("aa".to_owned(), 2)].into(),
            unit: (),
        }
    }

    #[test]
    fn a_value_and_its_tree_have_the_same_bytes() {
        let (value, tree) = (sample(), serde_json::to_value(sample()).unwrap());
        assert_eq!(String::from_utf8(to_bytes(&value)).unwrap(), String::from_utf8(to_bytes(&tree)).unwrap());
        let document = to_document(&value);
        assert_eq!(String::from_utf8(document.clone()).unwrap(), String::from_utf8(to_document(&tree)).unwrap());
        assert_eq!(serde_json::from_slice::<Value>(&document).unwrap(), tree);
        let compact = String::from_utf8(to_bytes(&value)).unwrap();
        assert!(
            compact.starts_with(
                r#"{"aa":2,"address":"127.0.0.1","none":null,"numbers":{"-2":7,"10":8,"9":18446744073709551615}"#
            ),
            "{compact}"
        );
    }
}
