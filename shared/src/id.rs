//! Names and [`FactId`], the address of a fact: a kind and a name path, never an OID.
//!
//! Every id has exactly one text form (`column:public.orders."Total"`), which parses back to the same id. Names are quoted in
//! it when they are not lower-case plain identifiers; keywords are not quoted, because which words are keywords depends on the
//! server's major version and an id does not.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

/// The longest identifier a server stores, in bytes (NAMEDATALEN - 1).
pub const MAX_NAME_BYTES: usize = 63;

/// Why a name or an id cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// An empty identifier.
    #[error("a name must not be empty")]
    Empty,
    /// Longer than a server stores.
    #[error("name \"{0}\" is longer than {MAX_NAME_BYTES} bytes")]
    TooLong(String),
    /// A byte that no identifier can hold.
    #[error("a name must not contain a zero byte")]
    ZeroByte,
    /// Not a known kind before the colon.
    #[error("unknown kind of fact \"{0}\"")]
    UnknownKind(String),
    /// The path does not have the form that the kind demands.
    #[error("malformed fact id \"{0}\"")]
    Malformed(String),
}

/// One identifier as the server stores it: case folded, unquoted, 1 to 63 bytes. Copies are cheap: a short text lies in the name
/// itself, a longer one is shared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(SmolStr);

impl Name {
    /// Takes an identifier as stored.
    ///
    /// # Errors
    /// Empty, longer than 63 bytes, or holding a zero byte.
    pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
        let text = text.as_ref();
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > MAX_NAME_BYTES {
            return Err(IdError::TooLong(text.to_owned()));
        }
        if text.as_bytes().contains(&0) {
            return Err(IdError::ZeroByte);
        }
        Ok(Self(SmolStr::new(text)))
    }

    /// Cuts a text to the 63 bytes that a server keeps, at a character boundary, as it does with a warning.
    ///
    /// # Errors
    /// Empty, or holding a zero byte.
    pub fn truncated(text: &str) -> Result<Self, IdError> {
        let mut end = text.len().min(MAX_NAME_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self::new(&text[..end])
    }

    /// The identifier as stored, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn write(&self, f: &mut impl fmt::Write) -> fmt::Result {
        if is_plain(&self.0) { f.write_str(&self.0) } else { write!(f, "\"{}\"", self.0.replace('"', "\"\"")) }
    }

    /// The identifier's text, to be kept elsewhere.
    #[must_use]
    pub fn to_shared(&self) -> SmolStr {
        self.0.clone()
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        read_text(d, |text| Self::new(text))
    }
}

fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_') && bytes.all(is_plain_byte)
}

fn is_plain_byte(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'
}

/// A name in a schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QualifiedName {
    /// The schema.
    pub schema: Name,
    /// The name within it.
    pub name: Name,
}

impl QualifiedName {
    /// Puts a name into a schema.
    #[must_use]
    pub fn new(schema: Name, name: Name) -> Self {
        Self { schema, name }
    }

    fn write(&self, f: &mut impl fmt::Write) -> fmt::Result {
        self.schema.write(f)?;
        f.write_char('.')?;
        self.name.write(f)
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl FromStr for QualifiedName {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut reader = Reader::new(text);
        let found = reader.qualified()?;
        reader.end()?;
        Ok(found)
    }
}

impl Serialize for QualifiedName {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for QualifiedName {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        read_text(d, |text| read_canonical(text, |reader| reader.qualified()))
    }
}

/// A function or procedure: its name and the types of its input arguments, as `format_type` prints them under an empty search
/// path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Routine {
    /// Schema and name.
    pub name: QualifiedName,
    /// One type per input argument.
    pub arguments: Vec<String>,
}

impl Routine {
    fn write(&self, f: &mut impl fmt::Write) -> fmt::Result {
        self.name.write(f)?;
        f.write_char('(')?;
        for (n, argument) in self.arguments.iter().enumerate() {
            if n > 0 {
                f.write_char(',')?;
            }
            f.write_str(argument)?;
        }
        f.write_char(')')
    }
}

impl fmt::Display for Routine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl FromStr for Routine {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let mut reader = Reader::new(text);
        let found = reader.routine()?;
        reader.end()?;
        Ok(found)
    }
}

impl Serialize for Routine {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Routine {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        read_text(d, |text| read_canonical(text, |reader| reader.routine()))
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal, $words:literal;)*) => {
        /// The kinds of fact.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind, in the order of the ids.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The word before the colon of an id's text form.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }

            /// Postgres's words for the kind, for messages.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$kind => $words,)* }
            }

            fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$kind),)* _ => None }
            }
        }
    };
}

kinds! {
    /// A schema.
    Schema = "schema", "schema";
    /// An installed extension.
    Extension = "extension", "extension";
    /// An enum type.
    Enum = "enum", "type";
    /// A domain.
    Domain = "domain", "domain";
    /// A check constraint of a domain.
    DomainConstraint = "domain_constraint", "domain constraint";
    /// A free-standing composite type.
    Composite = "composite", "type";
    /// An attribute of a composite type: never a fact of its own, only what a comment is on.
    Attribute = "attribute", "attribute";
    /// A range type.
    Range = "range", "type";
    /// A sequence that is not an identity column's own.
    Sequence = "sequence", "sequence";
    /// A table of any sort.
    Table = "table", "table";
    /// A column of a table.
    Column = "column", "column";
    /// A column's default.
    Default = "default", "default";
    /// A constraint of a table.
    Constraint = "constraint", "constraint";
    /// An index that no constraint owns.
    Index = "index", "index";
    /// A function or window function.
    Function = "function", "function";
    /// A procedure.
    Procedure = "procedure", "procedure";
    /// An aggregate.
    Aggregate = "aggregate", "aggregate";
    /// A trigger.
    Trigger = "trigger", "trigger";
    /// A row security policy.
    Policy = "policy", "policy";
    /// A rewrite rule of a table.
    Rule = "rule", "rule";
    /// A view.
    View = "view", "view";
    /// A column of a view: never a fact of its own, only what a comment is on.
    ViewColumn = "view_column", "column";
    /// A trigger of a view.
    ViewTrigger = "view_trigger", "trigger";
    /// A rewrite rule of a view, besides the one that makes it a view.
    ViewRule = "view_rule", "rule";
    /// A materialized view.
    MaterializedView = "materialized_view", "materialized view";
    /// A column of a materialized view: never a fact of its own, only what a comment is on.
    MaterializedViewColumn = "materialized_view_column", "column";
    /// A comment on another fact.
    Comment = "comment", "comment";
}

/// The address of a fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactId {
    /// `schema:app`
    Schema(Name),
    /// `extension:ltree`
    Extension(Name),
    /// `enum:app.mood`
    Enum(QualifiedName),
    /// `domain:app.email`
    Domain(QualifiedName),
    /// `domain_constraint:app.email.email_check`
    DomainConstraint(QualifiedName, Name),
    /// `composite:app.address`
    Composite(QualifiedName),
    /// `attribute:app.address.street`
    Attribute(QualifiedName, Name),
    /// `range:app.floatrange`
    Range(QualifiedName),
    /// `sequence:app.orders_id_seq`
    Sequence(QualifiedName),
    /// `table:app.orders`
    Table(QualifiedName),
    /// `column:app.orders.total`
    Column(QualifiedName, Name),
    /// `default:app.orders.total`
    Default(QualifiedName, Name),
    /// `constraint:app.orders.orders_pkey`
    Constraint(QualifiedName, Name),
    /// `index:app.orders_total_idx`
    Index(QualifiedName),
    /// `function:app.total(integer,text)`
    Function(Routine),
    /// `procedure:app.refresh()`
    Procedure(Routine),
    /// `aggregate:app.total(numeric)`
    Aggregate(Routine),
    /// `trigger:app.orders.audit`
    Trigger(QualifiedName, Name),
    /// `policy:app.orders.own_rows`
    Policy(QualifiedName, Name),
    /// `rule:app.orders.keep_history`
    Rule(QualifiedName, Name),
    /// `view:app.open_orders`
    View(QualifiedName),
    /// `view_column:app.open_orders.total`
    ViewColumn(QualifiedName, Name),
    /// `view_trigger:app.open_orders.write_through`
    ViewTrigger(QualifiedName, Name),
    /// `view_rule:app.open_orders.write_through`
    ViewRule(QualifiedName, Name),
    /// `materialized_view:app.totals`
    MaterializedView(QualifiedName),
    /// `materialized_view_column:app.totals.total`
    MaterializedViewColumn(QualifiedName, Name),
    /// `comment:table:app.orders`
    Comment(Box<FactId>),
}

/// What a part of an object belongs to, by the object's kind, or the object itself.
#[derive(PartialEq, Eq)]
pub(crate) enum ObjectRef<'a> {
    Table(&'a QualifiedName),
    Domain(&'a QualifiedName),
    Composite(&'a QualifiedName),
    View(&'a QualifiedName),
    MaterializedView(&'a QualifiedName),
    Itself(&'a FactId),
}

impl FactId {
    /// The kind of fact that the id addresses.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Schema(_) => Kind::Schema,
            Self::Extension(_) => Kind::Extension,
            Self::Enum(_) => Kind::Enum,
            Self::Domain(_) => Kind::Domain,
            Self::DomainConstraint(..) => Kind::DomainConstraint,
            Self::Composite(_) => Kind::Composite,
            Self::Attribute(..) => Kind::Attribute,
            Self::Range(_) => Kind::Range,
            Self::Sequence(_) => Kind::Sequence,
            Self::Table(_) => Kind::Table,
            Self::Column(..) => Kind::Column,
            Self::Default(..) => Kind::Default,
            Self::Constraint(..) => Kind::Constraint,
            Self::Index(_) => Kind::Index,
            Self::Function(_) => Kind::Function,
            Self::Procedure(_) => Kind::Procedure,
            Self::Aggregate(_) => Kind::Aggregate,
            Self::Trigger(..) => Kind::Trigger,
            Self::Policy(..) => Kind::Policy,
            Self::Rule(..) => Kind::Rule,
            Self::View(_) => Kind::View,
            Self::ViewColumn(..) => Kind::ViewColumn,
            Self::ViewTrigger(..) => Kind::ViewTrigger,
            Self::ViewRule(..) => Kind::ViewRule,
            Self::MaterializedView(_) => Kind::MaterializedView,
            Self::MaterializedViewColumn(..) => Kind::MaterializedViewColumn,
            Self::Comment(_) => Kind::Comment,
        }
    }

    /// The object that a fact rolls up into: the table of a column, constraint, default, trigger, policy or rule; the view of
    /// its column, trigger or rule; the domain of its constraint; what a comment is on; itself for everything else (an index is an object of its own).
    #[must_use]
    pub fn object(&self) -> FactId {
        match self.object_ref() {
            ObjectRef::Table(name) => Self::Table(name.clone()),
            ObjectRef::Domain(name) => Self::Domain(name.clone()),
            ObjectRef::Composite(name) => Self::Composite(name.clone()),
            ObjectRef::View(name) => Self::View(name.clone()),
            ObjectRef::MaterializedView(name) => Self::MaterializedView(name.clone()),
            ObjectRef::Itself(id) => id.clone(),
        }
    }

    /// What [`Self::object`] gives, without a copy.
    pub(crate) fn object_ref(&self) -> ObjectRef<'_> {
        match self {
            Self::Column(t, _)
            | Self::Default(t, _)
            | Self::Constraint(t, _)
            | Self::Trigger(t, _)
            | Self::Policy(t, _)
            | Self::Rule(t, _) => ObjectRef::Table(t),
            Self::DomainConstraint(d, _) => ObjectRef::Domain(d),
            Self::Attribute(c, _) => ObjectRef::Composite(c),
            Self::ViewColumn(v, _) | Self::ViewTrigger(v, _) | Self::ViewRule(v, _) => ObjectRef::View(v),
            Self::MaterializedViewColumn(v, _) => ObjectRef::MaterializedView(v),
            Self::Comment(on) => on.object_ref(),
            _ => ObjectRef::Itself(self),
        }
    }

    /// The schema that the fact lives in; none for schemas, extensions and comments on those.
    #[must_use]
    pub fn schema(&self) -> Option<&Name> {
        match self {
            Self::Schema(_) | Self::Extension(_) => None,
            Self::Enum(n)
            | Self::Domain(n)
            | Self::DomainConstraint(n, _)
            | Self::Composite(n)
            | Self::Attribute(n, _)
            | Self::Range(n)
            | Self::Sequence(n)
            | Self::Table(n)
            | Self::Column(n, _)
            | Self::Default(n, _)
            | Self::Constraint(n, _)
            | Self::Index(n)
            | Self::Trigger(n, _)
            | Self::Policy(n, _)
            | Self::Rule(n, _)
            | Self::View(n)
            | Self::ViewColumn(n, _)
            | Self::ViewTrigger(n, _)
            | Self::ViewRule(n, _)
            | Self::MaterializedView(n)
            | Self::MaterializedViewColumn(n, _) => Some(&n.schema),
            Self::Function(r) | Self::Procedure(r) | Self::Aggregate(r) => Some(&r.name.schema),
            Self::Comment(on) => on.schema(),
        }
    }

    /// The id without its kind, as messages print it: `app.orders.total`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut out = String::new();
        // a string takes everything
        let _ = self.write_path(&mut out);
        out
    }

    /// Writes the text form.
    pub(crate) fn write(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str(self.kind().word())?;
        f.write_char(':')?;
        match self {
            Self::Comment(on) => {
                f.write_str(on.kind().word())?;
                f.write_char(':')?;
                on.write_path(f)
            }
            _ => self.write_path(f),
        }
    }

    fn write_path(&self, f: &mut impl fmt::Write) -> fmt::Result {
        match self {
            Self::Schema(n) | Self::Extension(n) => n.write(f),
            Self::Enum(n)
            | Self::Domain(n)
            | Self::Composite(n)
            | Self::Range(n)
            | Self::Sequence(n)
            | Self::Table(n)
            | Self::Index(n)
            | Self::View(n)
            | Self::MaterializedView(n) => n.write(f),
            Self::DomainConstraint(n, m)
            | Self::Attribute(n, m)
            | Self::Column(n, m)
            | Self::Default(n, m)
            | Self::Constraint(n, m)
            | Self::Trigger(n, m)
            | Self::Policy(n, m)
            | Self::Rule(n, m)
            | Self::ViewColumn(n, m)
            | Self::ViewTrigger(n, m)
            | Self::ViewRule(n, m)
            | Self::MaterializedViewColumn(n, m) => {
                n.write(f)?;
                f.write_char('.')?;
                m.write(f)
            }
            Self::Function(r) | Self::Procedure(r) | Self::Aggregate(r) => r.write(f),
            Self::Comment(on) => on.write(f),
        }
    }

    /// The id in words, as messages print it: `column app.orders.total`.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Comment(on) => format!("comment on {}", on.in_words()),
            other => format!("{} {}", other.kind().words(), other.path()),
        }
    }
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl FromStr for FactId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_id(text, 0)
    }
}

fn parse_id(text: &str, depth: u8) -> Result<FactId, IdError> {
    let malformed = || IdError::Malformed(text.to_owned());
    let (word, path) = text.split_once(':').ok_or_else(malformed)?;
    let kind = Kind::from_word(word).ok_or_else(|| IdError::UnknownKind(word.to_owned()))?;
    if kind == Kind::Comment {
        if depth > 0 {
            return Err(malformed());
        }
        return Ok(FactId::Comment(Box::new(parse_id(path, depth + 1)?)));
    }
    let mut reader = Reader::new(path);
    let id = match kind {
        Kind::Schema => FactId::Schema(reader.name()?),
        Kind::Extension => FactId::Extension(reader.name()?),
        Kind::Enum => FactId::Enum(reader.qualified()?),
        Kind::Domain => FactId::Domain(reader.qualified()?),
        Kind::Composite => FactId::Composite(reader.qualified()?),
        Kind::Range => FactId::Range(reader.qualified()?),
        Kind::Sequence => FactId::Sequence(reader.qualified()?),
        Kind::Table => FactId::Table(reader.qualified()?),
        Kind::Index => FactId::Index(reader.qualified()?),
        Kind::DomainConstraint => reader.member(FactId::DomainConstraint)?,
        Kind::Attribute => reader.member(FactId::Attribute)?,
        Kind::Column => reader.member(FactId::Column)?,
        Kind::Default => reader.member(FactId::Default)?,
        Kind::Constraint => reader.member(FactId::Constraint)?,
        Kind::Trigger => reader.member(FactId::Trigger)?,
        Kind::Policy => reader.member(FactId::Policy)?,
        Kind::Rule => reader.member(FactId::Rule)?,
        Kind::View => FactId::View(reader.qualified()?),
        Kind::ViewColumn => reader.member(FactId::ViewColumn)?,
        Kind::ViewTrigger => reader.member(FactId::ViewTrigger)?,
        Kind::ViewRule => reader.member(FactId::ViewRule)?,
        Kind::MaterializedView => FactId::MaterializedView(reader.qualified()?),
        Kind::MaterializedViewColumn => reader.member(FactId::MaterializedViewColumn)?,
        Kind::Function => FactId::Function(reader.routine()?),
        Kind::Procedure => FactId::Procedure(reader.routine()?),
        Kind::Aggregate => FactId::Aggregate(reader.routine()?),
        Kind::Comment => return Err(malformed()),
    };
    reader.end()?;
    if reader.canonical { Ok(id) } else { Err(malformed()) }
}

impl Serialize for FactId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FactId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        read_text(d, str::parse)
    }
}

/// Reads a string in place, without a copy of it.
fn read_text<'de, D: Deserializer<'de>, T>(d: D, read: fn(&str) -> Result<T, IdError>) -> Result<T, D::Error> {
    struct Text<T>(fn(&str) -> Result<T, IdError>);
    impl<T> serde::de::Visitor<'_> for Text<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).map_err(E::custom)
        }
    }
    d.deserialize_str(Text(read))
}

/// Reads a text that is nothing but one value, in the one form that it is written in.
fn read_canonical<T>(text: &str, read: fn(&mut Reader<'_>) -> Result<T, IdError>) -> Result<T, IdError> {
    let mut reader = Reader::new(text);
    let value = read(&mut reader)?;
    reader.end()?;
    if reader.canonical { Ok(value) } else { Err(reader.malformed()) }
}

/// Reads a name path from the left.
struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
    /// Whether what was read is what would be written.
    canonical: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { whole: text, rest: text, canonical: true }
    }

    fn malformed(&self) -> IdError {
        IdError::Malformed(self.whole.to_owned())
    }

    fn end(&self) -> Result<(), IdError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.malformed()) }
    }

    fn eat(&mut self, c: char) -> Result<(), IdError> {
        self.rest = self.rest.strip_prefix(c).ok_or_else(|| self.malformed())?;
        Ok(())
    }

    fn name(&mut self) -> Result<Name, IdError> {
        if self.rest.starts_with('"') {
            let body = &self.rest[1..];
            let mut at = 0;
            loop {
                let quote = body[at..].find('"').ok_or_else(|| self.malformed())? + at;
                if body[quote + 1..].starts_with('"') {
                    at = quote + 2;
                } else {
                    self.rest = &body[quote + 1..];
                    let name = Name::new(body[..quote].replace("\"\"", "\""))?;
                    self.canonical &= !is_plain(&name.0);
                    return Ok(name);
                }
            }
        }
        let end = self.rest.bytes().position(|b| !is_plain_byte(b)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.canonical &= !name.starts_with(|c: char| c.is_ascii_digit());
        Name::new(name)
    }

    fn qualified(&mut self) -> Result<QualifiedName, IdError> {
        let schema = self.name()?;
        self.eat('.')?;
        Ok(QualifiedName { schema, name: self.name()? })
    }

    fn member(&mut self, make: fn(QualifiedName, Name) -> FactId) -> Result<FactId, IdError> {
        let owner = self.qualified()?;
        self.eat('.')?;
        Ok(make(owner, self.name()?))
    }

    fn routine(&mut self) -> Result<Routine, IdError> {
        let name = self.qualified()?;
        self.eat('(')?;
        let inside = self.rest.strip_suffix(')').ok_or_else(|| self.malformed())?;
        self.rest = "";
        Ok(Routine { name, arguments: split_types(inside).ok_or_else(|| self.malformed())? })
    }
}

/// Splits a list of types at its outermost commas; none when quotes or parentheses do not match.
fn split_types(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let (mut types, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0_i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                types.push(text[start..at].to_owned());
                start = at + 1;
            }
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    types.push(text[start..].to_owned());
    (depth == 0 && !quoted && types.iter().all(|t| !t.is_empty())).then_some(types)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_text_form_parses_back() {
        for text in [
            "schema:app",
            "schema:\"App\"",
            "extension:\"uuid-ossp\"",
            "enum:app.mood",
            "column:app.orders.\"To\"\"tal\"",
            "domain_constraint:app.email.email_check",
            "function:app.f()",
            "function:app.f(integer,character varying,app.\"a,b(\"[])",
            "procedure:app.p(numeric)",
            "aggregate:app.total()",
            "trigger:app.t.\"x.y\"",
            "policy:app.t.\"Own rows\"",
            "comment:function:app.f(integer)",
            "comment:attribute:app.c.a",
            "rule:app.t.\"Keep\"",
            "view:app.v",
            "view_trigger:app.v.t",
            "view_rule:app.v.r",
            "materialized_view:app.m",
            "comment:materialized_view_column:app.m.a",
            "comment:view_column:app.v.a",
        ] {
            assert_eq!(text.parse::<FactId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "schema",
            "schema:",
            "schema:App",
            "schema:\"app\"",
            "nothing:app",
            "table:orders",
            "table:a.b.c",
            "column:a.b",
            "column:a.\"b\".c",
            "table:a.1b",
            "function:a.\"f\"()",
            "function:a.f",
            "function:a.f(",
            "function:a.f(,)",
            "function:a.f(x))",
            "comment:comment:schema:a",
            "table:a.\"b",
        ] {
            assert!(text.parse::<FactId>().is_err(), "{text}");
        }
        let long = format!("schema:{}", "x".repeat(64));
        assert_eq!(long.parse::<FactId>(), Err(IdError::TooLong("x".repeat(64))));
    }
}
