//! Addresses of catalog rows (`classid`, `objid`), and what stands at each: a fact, or something that is not modelled.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use pgseal_catalog::FactId;

/// OIDs of the system catalogs that rows are addressed by: the same on every server.
pub(super) mod class {
    pub const TYPE: u32 = 1247;
    pub const PROC: u32 = 1255;
    pub const CLASS: u32 = 1259;
    pub const AM: u32 = 2601;
    pub const AMOP: u32 = 2602;
    pub const AMPROC: u32 = 2603;
    pub const ATTRDEF: u32 = 2604;
    pub const CAST: u32 = 2605;
    pub const CONSTRAINT: u32 = 2606;
    pub const LANGUAGE: u32 = 2612;
    pub const NAMESPACE: u32 = 2615;
    pub const OPCLASS: u32 = 2616;
    pub const OPERATOR: u32 = 2617;
    pub const REWRITE: u32 = 2618;
    pub const TRIGGER: u32 = 2620;
    pub const EXTENSION: u32 = 3079;
    pub const POLICY: u32 = 3256;
    pub const COLLATION: u32 = 3456;
}

/// A row of a system catalog.
pub(super) type Address = (u32, u32);

/// Looks things up by a few numbers that a server gave out itself: no need for a hash that resists an attacker.
pub(super) type ByNumbers<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

/// A hash of OIDs and attribute numbers: mixes each in with a multiplication by an odd number, the high bits of which depend on all.
#[derive(Debug, Default)]
pub(super) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(byte.into()));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_i16(&mut self, number: i16) {
        self.write_u32(u32::from(number.cast_unsigned()));
    }

    fn finish(&self) -> u64 {
        // a table takes its place from the low bits and a tag from the highest
        self.0.rotate_left(26)
    }
}

/// What stands at an address.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// A fact, or a part of one (a row type, an array type, the index that a constraint owns).
    Fact(FactId),
    /// The entry of that number in the list of what is not modelled.
    Unmodeled(usize),
}

/// What stands at every address.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    at: ByNumbers<Address, (Node, Exact)>,
    columns: ByNumbers<(u32, i16), FactId>,
}

/// Whether a node is the thing itself or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exact {
    Itself,
    Part,
}

impl Nodes {
    /// Notes a fact under its own address.
    pub fn fact(&mut self, class: u32, oid: u32, id: FactId) {
        self.at.insert((class, oid), (Node::Fact(id), Exact::Itself));
    }

    /// Notes that an address is a part of a fact.
    pub fn part(&mut self, class: u32, oid: u32, of: FactId) {
        self.at.entry((class, oid)).or_insert((Node::Fact(of), Exact::Part));
    }

    /// Notes a table's column.
    pub fn column(&mut self, relation: u32, number: i16, id: FactId) {
        self.columns.insert((relation, number), id);
    }

    /// Notes something that is not modelled.
    pub fn unmodeled(&mut self, class: u32, oid: u32, entry: usize) {
        self.at.entry((class, oid)).or_insert((Node::Unmodeled(entry), Exact::Itself));
    }

    /// Makes an address stand for what another one stands for.
    pub fn alias(&mut self, address: Address, of: Address) {
        if let Some((node, _)) = self.at.get(&of).cloned() {
            self.at.entry(address).or_insert((node, Exact::Part));
        }
    }

    /// What stands at an address; a column's own fact where the part is a column.
    pub fn find(&self, address: Address, part: i32) -> Option<Found<'_>> {
        if address.0 == class::CLASS
            && part > 0
            && let Ok(number) = i16::try_from(part)
            && let Some(id) = self.columns.get(&(address.1, number))
        {
            return Some(Found::Fact(id, Exact::Itself));
        }
        self.at.get(&address).map(|(node, exact)| match node {
            Node::Fact(id) => Found::Fact(id, *exact),
            Node::Unmodeled(entry) => Found::Unmodeled(*entry),
        })
    }

    /// The fact whose own address this is.
    pub fn fact_at(&self, class: u32, oid: u32) -> Option<&FactId> {
        match self.at.get(&(class, oid)) {
            Some((Node::Fact(id), Exact::Itself)) => Some(id),
            _ => None,
        }
    }

    /// The fact of a column.
    pub fn column_at(&self, relation: u32, number: i16) -> Option<&FactId> {
        self.columns.get(&(relation, number))
    }
}

/// What was found at an address.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'a> {
    Fact(&'a FactId, Exact),
    Unmodeled(usize),
}
