//! Addresses of catalog rows (`classid`, `objid`), and what stands at each: a fact, or something that is not modelled.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use pgseal_catalog::{Catalog, Fact, FactId, Needs};

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

/// A set of such numbers.
pub(super) type Numbers<K> = HashSet<K, BuildHasherDefault<NumberHasher>>;

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

/// A fact's number: they count from zero, in the order in which facts were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FactNumber(u32);

impl FactNumber {
    fn new(number: usize) -> Self {
        // a catalog has OIDs of 32 bits, and a fact at least one
        Self(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// The place in a list of all facts.
    pub fn place(self) -> usize {
        self.0 as usize
    }
}

/// What stands at an address.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    /// A fact, or a part of one (a row type, an array type, the index that a constraint owns).
    Fact(FactNumber),
    /// The entry of that number in the list of what is not modelled.
    Unmodeled(usize),
}

/// The facts, and what stands at every address.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    facts: Vec<Arc<Fact>>,
    at: ByNumbers<Address, (Node, Exact)>,
    columns: ByNumbers<(u32, i16), FactNumber>,
}

/// Whether a node is the thing itself or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exact {
    Itself,
    Part,
}

impl Nodes {
    /// Adds a fact that has no address of its own.
    pub fn add(&mut self, fact: Fact) -> FactNumber {
        let number = FactNumber::new(self.facts.len());
        self.facts.push(Arc::new(fact));
        number
    }

    /// Adds a fact and notes it under its own address.
    pub fn add_at(&mut self, class: u32, oid: u32, fact: Fact) -> FactNumber {
        let number = self.add(fact);
        self.at.insert((class, oid), (Node::Fact(number), Exact::Itself));
        number
    }

    /// Adds the fact of a table's column.
    pub fn add_column(&mut self, relation: u32, number: i16, fact: Fact) -> FactNumber {
        let fact = self.add(fact);
        self.columns.insert((relation, number), fact);
        fact
    }

    /// Notes that an address is a part of a fact.
    pub fn part(&mut self, class: u32, oid: u32, of: FactNumber) {
        self.at.entry((class, oid)).or_insert((Node::Fact(of), Exact::Part));
    }

    /// Notes something that is not modelled.
    pub fn unmodeled(&mut self, class: u32, oid: u32, entry: usize) {
        self.at.entry((class, oid)).or_insert((Node::Unmodeled(entry), Exact::Itself));
    }

    /// Makes an address stand for what another one stands for.
    pub fn alias(&mut self, address: Address, of: Address) {
        if let Some((node, _)) = self.at.get(&of).copied() {
            self.at.entry(address).or_insert((node, Exact::Part));
        }
    }

    /// What stands at an address; a column's own fact where the part is a column.
    pub fn find(&self, address: Address, part: i32) -> Option<(Node, Exact)> {
        if address.0 == class::CLASS
            && part > 0
            && let Ok(number) = i16::try_from(part)
            && let Some(fact) = self.column_at(address.1, number)
        {
            return Some((Node::Fact(fact), Exact::Itself));
        }
        self.at.get(&address).copied()
    }

    /// What stands at an address, a fact with its id.
    pub fn find_id(&self, address: Address, part: i32) -> Option<Found<'_>> {
        let (node, exact) = self.find(address, part)?;
        match node {
            Node::Fact(number) => Some(Found::Fact(self.id(number)?, exact)),
            Node::Unmodeled(_) => Some(Found::Unmodeled),
        }
    }

    /// The fact that stands at an address, also as a part.
    pub fn covering(&self, class: u32, oid: u32) -> Option<FactNumber> {
        match self.at.get(&(class, oid)) {
            Some((Node::Fact(number), _)) => Some(*number),
            _ => None,
        }
    }

    /// The fact whose own address this is.
    pub fn number_at(&self, class: u32, oid: u32) -> Option<FactNumber> {
        match self.at.get(&(class, oid)) {
            Some((Node::Fact(number), Exact::Itself)) => Some(*number),
            _ => None,
        }
    }

    /// The id of the fact whose own address this is.
    pub fn fact_at(&self, class: u32, oid: u32) -> Option<&FactId> {
        self.id(self.number_at(class, oid)?)
    }

    /// The fact of a column.
    pub fn column_at(&self, relation: u32, number: i16) -> Option<FactNumber> {
        self.columns.get(&(relation, number)).copied()
    }

    /// The fact of a number.
    pub fn fact(&self, number: FactNumber) -> Option<&Fact> {
        self.facts.get(number.place()).map(Arc::as_ref)
    }

    /// The id of the fact of a number.
    pub fn id(&self, number: FactNumber) -> Option<&FactId> {
        self.fact(number).map(|fact| &fact.id)
    }

    /// The fact of a number, to be changed (its id must stay).
    pub fn fact_mut(&mut self, number: FactNumber) -> Option<&mut Fact> {
        self.facts.get_mut(number.place()).map(Arc::make_mut)
    }

    /// The numbers of all facts, sorted by their ids.
    pub fn in_order(&self) -> Vec<FactNumber> {
        let mut ids: Vec<(&FactId, FactNumber)> =
            self.facts.iter().enumerate().map(|(at, fact)| (&fact.id, FactNumber::new(at))).collect();
        ids.sort_unstable_by_key(|(id, _)| *id);
        ids.into_iter().map(|(_, number)| number).collect()
    }

    /// The catalog of all facts; what each needs comes in the order of the facts that is given.
    pub fn catalog(&mut self, order: &[FactNumber], needs: Vec<Needs>) -> Catalog {
        for (&number, needs) in order.iter().zip(needs) {
            if let Some(fact) = self.fact_mut(number) {
                fact.needs = needs;
            }
        }
        order.iter().filter_map(|number| self.facts.get(number.place()).cloned()).collect()
    }
}

/// What was found at an address.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'a> {
    Fact(&'a FactId, Exact),
    Unmodeled,
}
