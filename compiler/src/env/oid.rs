//! Object identifiers of one environment, and the server majors that an environment can stand for.
//!
//! The identifiers of built-in objects are the server's own. User objects are given made-up ones from
//! [`Oid::FIRST_USER`] upwards. No identifier ever reaches a file: names do.

use std::fmt;

/// The identifier of an object within one environment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Oid(pub u32);

impl Oid {
    /// Whether this names something at all (is not zero).
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0 != 0
    }

    /// `Some(self)` unless this is [`Oid::INVALID`].
    #[must_use]
    pub const fn valid(self) -> Option<Self> {
        if self.0 == 0 { None } else { Some(self) }
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({})", self.0)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! well_known {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        impl Oid {
            $(#[doc = concat!("The well-known identifier ", stringify!($value), ".")] pub const $name: Oid = Oid($value);)*
        }
    };
}

well_known! {
    INVALID = 0;
    FIRST_USER = 16384;
    BOOL = 16; BYTEA = 17; CHAR = 18; NAME = 19; INT8 = 20; INT2 = 21; INT2VECTOR = 22; INT4 = 23;
    REGPROC = 24; TEXT = 25; OID = 26; TID = 27; XID = 28; CID = 29; OIDVECTOR = 30; JSON = 114; XML = 142;
    PG_NODE_TREE = 194; PG_DDL_COMMAND = 32; XID8 = 5069; XID8ARRAY = 271;
    POINT = 600; LSEG = 601; PATH = 602; BOX = 603; POLYGON = 604; LINE = 628; CIDR = 650;
    FLOAT4 = 700; FLOAT8 = 701; UNKNOWN = 705; CIRCLE = 718; MACADDR8 = 774; MONEY = 790; MACADDR = 829;
    INET = 869; ACLITEM = 1033; BPCHAR = 1042; VARCHAR = 1043; DATE = 1082; TIME = 1083;
    TIMESTAMP = 1114; TIMESTAMPTZ = 1184; INTERVAL = 1186; TIMETZ = 1266; BIT = 1560; VARBIT = 1562;
    NUMERIC = 1700; REFCURSOR = 1790; REGPROCEDURE = 2202; REGOPER = 2203; REGOPERATOR = 2204;
    REGCLASS = 2205; REGTYPE = 2206; REGROLE = 4096; REGNAMESPACE = 4089; REGCOLLATION = 4191;
    REGCONFIG = 3734; REGDICTIONARY = 3769; UUID = 2950; PG_LSN = 3220; TSVECTOR = 3614;
    GTSVECTOR = 3642; TSQUERY = 3615; JSONB = 3802; JSONPATH = 4072; TXID_SNAPSHOT = 2970; PG_SNAPSHOT = 5038;
    RECORD = 2249; RECORDARRAY = 2287; CSTRING = 2275; CSTRINGARRAY = 1263; ANY = 2276; ANYARRAY = 2277;
    VOID = 2278; TRIGGER = 2279; EVENT_TRIGGER = 3838; LANGUAGE_HANDLER = 2280; INTERNAL = 2281;
    ANYELEMENT = 2283; ANYNONARRAY = 2776; ANYENUM = 3500; FDW_HANDLER = 3115; INDEX_AM_HANDLER = 325;
    TSM_HANDLER = 3310; TABLE_AM_HANDLER = 269; ANYRANGE = 3831; ANYMULTIRANGE = 4537;
    ANYCOMPATIBLE = 5077; ANYCOMPATIBLEARRAY = 5078; ANYCOMPATIBLENONARRAY = 5079; ANYCOMPATIBLERANGE = 5080;
    ANYCOMPATIBLEMULTIRANGE = 4538;
    INT4RANGE = 3904; NUMRANGE = 3906; TSRANGE = 3908; TSTZRANGE = 3910; DATERANGE = 3912; INT8RANGE = 3926;
    BOOLARRAY = 1000; BYTEAARRAY = 1001; CHARARRAY = 1002; NAMEARRAY = 1003; INT2ARRAY = 1005; INT4ARRAY = 1007;
    TEXTARRAY = 1009; BPCHARARRAY = 1014; VARCHARARRAY = 1015; INT8ARRAY = 1016; FLOAT4ARRAY = 1021;
    FLOAT8ARRAY = 1022; OIDARRAY = 1028; NUMERICARRAY = 1231; JSONARRAY = 199; JSONBARRAY = 3807;
    DEFAULT_COLLATION = 100; C_COLLATION = 950; POSIX_COLLATION = 951; UCS_BASIC_COLLATION = 962;
    BTREE_AM = 403; HASH_AM = 405; GIST_AM = 783; GIN_AM = 2742; SPGIST_AM = 4000; BRIN_AM = 3580; HEAP_AM = 2;
    INTERNAL_LANGUAGE = 12; C_LANGUAGE = 13; SQL_LANGUAGE = 14;
}

/// A server major version that plans can be made for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Major {
    /// PostgreSQL 14.
    V14,
    /// PostgreSQL 15.
    V15,
    /// PostgreSQL 16.
    V16,
    /// PostgreSQL 17.
    V17,
    /// PostgreSQL 18.
    V18,
}

impl Major {
    /// Every major, oldest first.
    pub const ALL: [Major; 5] = [Major::V14, Major::V15, Major::V16, Major::V17, Major::V18];

    /// The major of that number, if it is one that is known.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            14 => Some(Major::V14),
            15 => Some(Major::V15),
            16 => Some(Major::V16),
            17 => Some(Major::V17),
            18 => Some(Major::V18),
            _ => None,
        }
    }

    /// The major's number, 14 to 18.
    #[must_use]
    pub const fn number(self) -> u32 {
        14 + self.ordinal() as u32
    }

    /// The position in [`Major::ALL`].
    pub(super) const fn ordinal(self) -> usize {
        match self {
            Major::V14 => 0,
            Major::V15 => 1,
            Major::V16 => 2,
            Major::V17 => 3,
            Major::V18 => 4,
        }
    }
}

impl fmt::Display for Major {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}
