//! Operator classes, and which one a key would get if none were named.

use pgseal_catalog::Name;

use super::address::{ByNumbers, Numbers};
use super::error::CaptureError;
use super::session::Session;
use super::types::TypeRow;

/// A row of `pg_opclass`.
pub(super) struct OpclassRow {
    pub oid: u32,
    pub schema: u32,
    pub name: Name,
    pub method: u32,
    pub family: u32,
    pub input: u32,
    pub is_default: bool,
    pub key_type: u32,
}

pub(super) fn read_opclasses(s: &mut Session<'_>) -> Result<Vec<OpclassRow>, CaptureError> {
    s.rows(
        "operator classes",
        "SELECT oid, opcnamespace, opcname, opcmethod, opcfamily, opcintype, opcdefault, opckeytype FROM pg_opclass",
        |c| {
            Ok(OpclassRow {
                oid: c.next()?,
                schema: c.next()?,
                name: c.name()?,
                method: c.next()?,
                family: c.next()?,
                input: c.next()?,
                is_default: c.next()?,
                key_type: c.next()?,
            })
        },
    )
}

/// The binary-coercible pairs that implicit casts make.
pub(super) fn read_binary_casts(s: &mut Session<'_>) -> Result<Vec<(u32, u32)>, CaptureError> {
    s.rows("casts", "SELECT castsource, casttarget FROM pg_cast WHERE castmethod = 'b' AND castcontext = 'i'", |c| {
        Ok((c.next()?, c.next()?))
    })
}

mod any {
    pub const ELEMENT: u32 = 2283;
    pub const ARRAY: u32 = 2277;
    pub const ENUM: u32 = 3500;
    pub const RANGE: u32 = 3831;
    pub const MULTIRANGE: u32 = 4537;
    pub const RECORD: u32 = 2249;
    pub const RECORD_ARRAY: u32 = 2287;
}

/// Finds default operator classes as `GetDefaultOpClass` (indexcmds.c) does.
pub(super) struct DefaultOpclasses<'a> {
    by_method: ByNumbers<u32, Vec<&'a OpclassRow>>,
    casts: Numbers<(u32, u32)>,
    types: &'a ByNumbers<u32, &'a TypeRow>,
    arrays: Numbers<u32>,
    found: std::cell::RefCell<ByNumbers<(u32, u32), u32>>,
    methods: ByNumbers<u32, u32>,
}

impl<'a> DefaultOpclasses<'a> {
    pub fn new(opclasses: &'a [OpclassRow], casts: &[(u32, u32)], types: &'a ByNumbers<u32, &'a TypeRow>) -> Self {
        let mut by_method: ByNumbers<u32, Vec<&OpclassRow>> = ByNumbers::default();
        for row in opclasses.iter().filter(|row| row.is_default) {
            by_method.entry(row.method).or_default().push(row);
        }
        Self {
            by_method,
            casts: casts.iter().copied().collect(),
            types,
            arrays: types.values().map(|row| row.array).filter(|&oid| oid != 0).collect(),
            found: std::cell::RefCell::default(),
            methods: opclasses.iter().map(|row| (row.oid, row.method)).collect(),
        }
    }

    /// Whether an operator class is the one that its access method takes for a type.
    pub fn is_default(&self, opclass: u32, data_type: u32) -> bool {
        self.methods.get(&opclass).is_some_and(|&method| self.default_of(method, data_type) == opclass)
    }

    fn default_of(&self, method: u32, data_type: u32) -> u32 {
        if let Some(&known) = self.found.borrow().get(&(method, data_type)) {
            return known;
        }
        let found = self.search(method, data_type);
        self.found.borrow_mut().insert((method, data_type), found);
        found
    }

    fn search(&self, method: u32, data_type: u32) -> u32 {
        let base = self.base_of(data_type);
        let category = self.types.get(&base).map(|row| row.category);
        let (mut exact, mut preferred, mut compatible) = (Vec::new(), Vec::new(), Vec::new());
        for row in self.by_method.get(&method).into_iter().flatten() {
            if row.input == base {
                exact.push(row.oid);
            } else if self.is_binary_coercible(base, row.input) {
                let input = self.types.get(&row.input);
                if input.is_some_and(|input| input.preferred && Some(input.category) == category) {
                    preferred.push(row.oid);
                } else {
                    compatible.push(row.oid);
                }
            }
        }
        match (exact.as_slice(), preferred.as_slice(), compatible.as_slice()) {
            ([only], _, _) | ([], [only], _) | ([], [], [only]) => *only,
            ([], [_, _, ..], [only]) => *only,
            _ => 0,
        }
    }

    fn base_of(&self, mut data_type: u32) -> u32 {
        // a domain over a domain ends after as many steps as there are types
        for _ in 0..=self.types.len() {
            match self.types.get(&data_type) {
                Some(row) if row.kind == 'd' && row.base != 0 => data_type = row.base,
                _ => break,
            }
        }
        data_type
    }

    /// Follows `IsBinaryCoercible`, parse_coerce.c.
    fn is_binary_coercible(&self, source: u32, target: u32) -> bool {
        let kind = self.types.get(&source).map(|row| row.kind);
        match target {
            any::ELEMENT => true,
            any::ARRAY => self.arrays.contains(&source),
            any::ENUM => kind == Some('e'),
            any::RANGE => kind == Some('r'),
            any::MULTIRANGE => kind == Some('m'),
            any::RECORD => kind == Some('c'),
            any::RECORD_ARRAY => self
                .types
                .get(&source)
                .filter(|_| self.arrays.contains(&source))
                .and_then(|row| self.types.get(&row.element))
                .is_some_and(|element| element.kind == 'c'),
            _ => self.casts.contains(&(source, target)),
        }
    }
}
