//! The built-in objects of each server major, read from the generated tables the first time they are asked for.
//!
//! A generated table is text, one row a line, fields separated by tabs. The first field is the set of majors in
//! which the row holds, as a hexadecimal mask (bit 0 is 14). An empty field stands for the commonest value, and
//! empty fields at the end are left out. Lines that start with `#` are comments. Identifiers below 10000 are the
//! server's own; above, where servers number as they please, they are the generator's, the same for all majors.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::keywords::{Keyword, KeywordCategory};
use super::meant::Meant;
use super::rows::{
    AccessMethodRow, AggregateKind, AggregateRow, ArgMode, CastContext, CastMethod, CastRow, CollationRow, ColumnRow,
    FamilyOperator, FamilyProc, LanguageRow, OpclassRow, OperatorRow, OpfamilyRow, ProcArg, ProcKind, ProcRow,
    RangeLink, RelationKind, RelationRow, Subscript, TypeKind, TypeRow, Volatility,
};
use super::table::BuiltinTable;
use super::{Major, Oid, PG_CATALOG, Sym};

const TYPES: &str = include_str!("generated/types.tsv");
const RANGES: &str = include_str!("generated/ranges.tsv");
const PROCS: &str = include_str!("generated/procs.tsv");
const OPERATORS: &str = include_str!("generated/operators.tsv");
const CASTS: &str = include_str!("generated/casts.tsv");
const COLLATIONS: &str = include_str!("generated/collations.tsv");
const ACCESS_METHODS: &str = include_str!("generated/access_methods.tsv");
const OPCLASSES: &str = include_str!("generated/opclasses.tsv");
const OPFAMILIES: &str = include_str!("generated/opfamilies.tsv");
const RELATIONS: &str = include_str!("generated/relations.tsv");
const LANGUAGES: &str = include_str!("generated/languages.tsv");
const KEYWORDS: &str = include_str!("generated/keywords.tsv");

/// The built-in objects of one major.
#[derive(Debug)]
pub(super) struct Builtins {
    major: Major,
    types: OnceLock<BuiltinTable<TypeRow>>,
    procs: OnceLock<BuiltinTable<ProcRow>>,
    operators: OnceLock<BuiltinTable<OperatorRow>>,
    collations: OnceLock<BuiltinTable<CollationRow>>,
    opclasses: OnceLock<BuiltinTable<OpclassRow>>,
    opfamilies: OnceLock<BuiltinTable<OpfamilyRow>>,
    access_methods: OnceLock<BuiltinTable<AccessMethodRow>>,
    relations: OnceLock<BuiltinTable<RelationRow>>,
    languages: OnceLock<BuiltinTable<LanguageRow>>,
    default_classes: OnceLock<BTreeMap<Oid, Vec<(Oid, Oid)>>>,
    casts: OnceLock<Vec<CastRow>>,
    keywords: OnceLock<Vec<Keyword>>,
    meant: Meant,
}

static ALL: [Builtins; 5] = [
    Builtins::new(Major::V14),
    Builtins::new(Major::V15),
    Builtins::new(Major::V16),
    Builtins::new(Major::V17),
    Builtins::new(Major::V18),
];

macro_rules! tables {
    ($($name:ident, $row:ident, $source:ident, $parse:ident;)*) => {
        $(pub(super) fn $name(&self) -> &BuiltinTable<$row> {
            self.$name.get_or_init(|| BuiltinTable::new(lines($source, self.major).map(|mut f| $parse(&mut f, self)).collect()))
        })*
    };
}

impl Builtins {
    const fn new(major: Major) -> Self {
        Self {
            major,
            types: OnceLock::new(),
            procs: OnceLock::new(),
            operators: OnceLock::new(),
            collations: OnceLock::new(),
            opclasses: OnceLock::new(),
            opfamilies: OnceLock::new(),
            access_methods: OnceLock::new(),
            relations: OnceLock::new(),
            languages: OnceLock::new(),
            default_classes: OnceLock::new(),
            casts: OnceLock::new(),
            keywords: OnceLock::new(),
            meant: Meant::new(),
        }
    }

    /// The built-in objects of a major.
    pub(super) fn of(major: Major) -> &'static Builtins {
        let [v14, v15, v16, v17, v18] = &ALL;
        match major {
            Major::V14 => v14,
            Major::V15 => v15,
            Major::V16 => v16,
            Major::V17 => v17,
            Major::V18 => v18,
        }
    }

    tables! {
        procs, ProcRow, PROCS, proc_row;
        operators, OperatorRow, OPERATORS, operator_row;
        collations, CollationRow, COLLATIONS, collation_row;
        opclasses, OpclassRow, OPCLASSES, opclass_row;
        opfamilies, OpfamilyRow, OPFAMILIES, opfamily_row;
        access_methods, AccessMethodRow, ACCESS_METHODS, access_method_row;
        relations, RelationRow, RELATIONS, relation_row;
        languages, LanguageRow, LANGUAGES, language_row;
    }

    pub(super) fn types(&self) -> &BuiltinTable<TypeRow> {
        self.types.get_or_init(|| {
            let ranges: Vec<RangeLink> = lines(RANGES, self.major).map(|mut f| range_link(&mut f)).collect();
            BuiltinTable::new(lines(TYPES, self.major).map(|mut f| type_row(&mut f, &ranges)).collect())
        })
    }

    /// What operators were found to mean.
    pub(super) fn meant(&self) -> &Meant {
        &self.meant
    }

    /// The default operator classes of an access method, as pairs of input type and class, in order.
    pub(super) fn default_classes(&self, method: Oid) -> &[(Oid, Oid)] {
        let all = self.default_classes.get_or_init(|| {
            let mut classes: BTreeMap<Oid, Vec<(Oid, Oid)>> = BTreeMap::new();
            for class in self.opclasses().iter().filter(|class| class.default) {
                classes.entry(class.method).or_default().push((class.input, class.oid));
            }
            classes.values_mut().for_each(|classes| classes.sort_unstable());
            classes
        });
        all.get(&method).map_or(&[], Vec::as_slice)
    }

    /// Every cast, by source and target.
    pub(super) fn casts(&self) -> &[CastRow] {
        self.casts.get_or_init(|| {
            let mut rows: Vec<CastRow> = lines(CASTS, self.major).map(|mut f| cast_row(&mut f)).collect();
            rows.sort_by_key(|row| (row.source, row.target));
            rows
        })
    }

    pub(super) fn cast(&self, source: Oid, target: Oid) -> Option<&CastRow> {
        let casts = self.casts();
        let at = casts.binary_search_by_key(&(source, target), |row| (row.source, row.target));
        casts.get(at.ok()?)
    }

    /// Every keyword of the grammar, sorted.
    pub(super) fn keywords(&self) -> &[Keyword] {
        self.keywords.get_or_init(|| lines(KEYWORDS, self.major).map(|mut f| keyword(&mut f)).collect())
    }
}

/// The fields of one line.
struct Fields(std::str::Split<'static, char>);

impl Fields {
    fn text(&mut self) -> &'static str {
        self.0.next().unwrap_or_default()
    }

    fn name(&mut self) -> Sym {
        Sym::Static(self.text())
    }

    /// A schema; empty for `pg_catalog`.
    fn schema(&mut self) -> Sym {
        match self.text() {
            "" => PG_CATALOG,
            other => Sym::Static(other),
        }
    }

    fn optional_name(&mut self) -> Option<Sym> {
        match self.text() {
            "" => None,
            name => Some(Sym::Static(name)),
        }
    }

    fn letter(&mut self, default: char) -> char {
        self.text().chars().next().unwrap_or(default)
    }

    fn oid(&mut self) -> Oid {
        oid(self.text())
    }

    fn number<T: std::str::FromStr>(&mut self, default: T) -> T {
        self.text().parse().unwrap_or(default)
    }
}

fn oid(text: &str) -> Oid {
    Oid(text.parse().unwrap_or_default())
}

/// The lines of a table that hold for a major.
fn lines(source: &'static str, major: Major) -> impl Iterator<Item = Fields> {
    source.lines().filter_map(move |line| {
        let (mask, rest) = line.split_once('\t')?;
        let mask = u8::from_str_radix(mask, 16).ok()?;
        (mask >> major.ordinal() & 1 == 1).then(|| Fields(rest.split('\t')))
    })
}

fn type_row(f: &mut Fields, ranges: &[RangeLink]) -> TypeRow {
    let name = f.name();
    let oid = f.oid();
    let schema = f.schema();
    let kind = match f.text() {
        "c" => TypeKind::Composite,
        "d" => TypeKind::Domain,
        "e" => TypeKind::Enum,
        "p" => TypeKind::Pseudo,
        "r" => TypeKind::Range,
        "m" => TypeKind::Multirange,
        _ => TypeKind::Base,
    };
    let category = f.letter('A');
    let flags = f.text();
    let delimiter = f.letter(',');
    TypeRow {
        oid,
        schema,
        name,
        kind,
        defined: !flags.contains('u'),
        category,
        preferred: flags.contains('p'),
        delimiter,
        relation: f.oid(),
        element: f.oid(),
        array: f.oid(),
        subscript: match f.text() {
            "a" => Subscript::Array,
            "r" => Subscript::RawArray,
            "j" => Subscript::Jsonb,
            "o" => Subscript::Other,
            _ => Subscript::None,
        },
        base: f.oid(),
        base_typmod: f.number(-1),
        not_null: flags.contains('n'),
        dimensions: 0,
        collation: f.oid(),
        typmod_in: f.optional_name(),
        typmod_out: f.optional_name(),
        length: f.number(-1),
        by_value: flags.contains('v'),
        alignment: f.letter('i'),
        storage: f.letter('x'),
        range: match kind {
            TypeKind::Range => ranges.iter().find(|r| r.range == oid).copied(),
            TypeKind::Multirange => ranges.iter().find(|r| r.multirange == oid).copied(),
            _ => None,
        },
        labels: Vec::new(),
        extension: None,
    }
}

fn range_link(f: &mut Fields) -> RangeLink {
    RangeLink { range: f.oid(), subtype: f.oid(), multirange: f.oid(), collation: f.oid(), opclass: f.oid() }
}

fn proc_row(f: &mut Fields, _: &Builtins) -> ProcRow {
    ProcRow {
        name: f.name(),
        oid: f.oid(),
        schema: f.schema(),
        kind: match f.text() {
            "p" => ProcKind::Procedure,
            "a" => ProcKind::Aggregate,
            "w" => ProcKind::Window,
            _ => ProcKind::Function,
        },
        args: oids(f.text()),
        result: f.oid(),
        returns_set: false,
        strict: false,
        leakproof: false,
        volatility: Volatility::Immutable,
        default_count: 0,
        variadic: Oid::INVALID,
        parameters: Vec::new(),
        language: Oid::INTERNAL_LANGUAGE,
        aggregate: None,
        extension: None,
    }
    .with_rest(f)
}

impl ProcRow {
    fn with_rest(mut self, f: &mut Fields) -> Self {
        for flag in f.text().chars() {
            match flag {
                'r' => self.returns_set = true,
                't' => self.strict = true,
                'l' => self.leakproof = true,
                's' => self.volatility = Volatility::Stable,
                'v' => self.volatility = Volatility::Volatile,
                _ => {}
            }
        }
        self.parameters = f.text().split(',').filter_map(parameter).collect();
        self.default_count = f.number(0);
        self.variadic = f.oid();
        if let Some(language) = f.oid().valid() {
            self.language = language;
        }
        self.aggregate = aggregate(f.text());
        self.extension = f.optional_name();
        self
    }
}

/// `n0`, `o1`, `h1`: kind and number of direct arguments.
fn aggregate(text: &str) -> Option<AggregateRow> {
    let mut letters = text.chars();
    let kind = match letters.next()? {
        'o' => AggregateKind::OrderedSet,
        'h' => AggregateKind::Hypothetical,
        _ => AggregateKind::Normal,
    };
    Some(AggregateRow { kind, direct_args: letters.as_str().parse().unwrap_or_default() })
}

/// `i23=name`: mode, type and name.
fn parameter(text: &'static str) -> Option<ProcArg> {
    let mut letters = text.chars();
    let mode = match letters.next()? {
        'o' => ArgMode::Out,
        'b' => ArgMode::InOut,
        'v' => ArgMode::Variadic,
        't' => ArgMode::Table,
        _ => ArgMode::In,
    };
    let (type_oid, name) = letters.as_str().split_once('=')?;
    Some(ProcArg { type_oid: oid(type_oid), mode, name: Sym::Static(name) })
}

fn oids(text: &str) -> Vec<Oid> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(' ').map(oid).collect()
}

fn operator_row(f: &mut Fields, _: &Builtins) -> OperatorRow {
    let name = f.name();
    let oid = f.oid();
    let left = f.oid();
    let right = f.oid();
    let result = f.oid();
    let proc = f.oid();
    let commutator = f.oid();
    let negator = f.oid();
    let flags = f.text();
    OperatorRow {
        oid,
        schema: PG_CATALOG,
        name,
        left,
        right,
        result,
        proc,
        commutator,
        negator,
        can_merge: flags.contains('m'),
        can_hash: flags.contains('h'),
        extension: None,
    }
}

fn cast_row(f: &mut Fields) -> CastRow {
    CastRow {
        oid: Oid::INVALID,
        source: f.oid(),
        target: f.oid(),
        func: f.oid(),
        context: match f.text() {
            "i" => CastContext::Implicit,
            "a" => CastContext::Assignment,
            _ => CastContext::Explicit,
        },
        method: match f.text() {
            "b" => CastMethod::Binary,
            "i" => CastMethod::InOut,
            _ => CastMethod::Function,
        },
        extension: None,
    }
}

fn collation_row(f: &mut Fields, _: &Builtins) -> CollationRow {
    CollationRow {
        name: f.name(),
        oid: f.oid(),
        schema: PG_CATALOG,
        provider: f.letter('c'),
        deterministic: f.text() != "n",
        encoding: f.number(-1),
        extension: None,
    }
}

fn access_method_row(f: &mut Fields, _: &Builtins) -> AccessMethodRow {
    let name = f.name();
    let oid = f.oid();
    let flags = f.text();
    AccessMethodRow {
        oid,
        name,
        is_index: flags.contains('i'),
        can_order: flags.contains('o'),
        can_unique: flags.contains('u'),
        can_multi_column: flags.contains('m'),
        can_exclude: flags.contains('x'),
        can_include: flags.contains('n'),
        extension: None,
    }
}

fn opclass_row(f: &mut Fields, _: &Builtins) -> OpclassRow {
    OpclassRow {
        name: f.name(),
        oid: f.oid(),
        method: f.oid(),
        schema: PG_CATALOG,
        family: f.oid(),
        input: f.oid(),
        key: f.oid(),
        default: f.text() == "d",
        extension: None,
    }
}

/// Members are `left right strategy operator`, with a fifth number, the family it sorts by, for an ordering
/// operator; support functions are `left right number proc`; `;` separates.
fn opfamily_row(f: &mut Fields, _: &Builtins) -> OpfamilyRow {
    OpfamilyRow {
        name: f.name(),
        oid: f.oid(),
        method: f.oid(),
        schema: PG_CATALOG,
        operators: f
            .text()
            .split(';')
            .filter(|t| !t.is_empty())
            .map(|text| {
                let mut parts = text.split(' ');
                let mut next = || parts.next().unwrap_or_default();
                let (left, right) = (oid(next()), oid(next()));
                let strategy = next().parse().unwrap_or_default();
                let operator = oid(next());
                let sort_family = oid(next());
                FamilyOperator { left, right, strategy, ordering: sort_family.is_valid(), operator, sort_family }
            })
            .collect(),
        procs: f
            .text()
            .split(';')
            .filter(|t| !t.is_empty())
            .map(|text| {
                let mut parts = text.split(' ');
                let mut next = || parts.next().unwrap_or_default();
                let (left, right) = (oid(next()), oid(next()));
                FamilyProc { left, right, number: next().parse().unwrap_or_default(), proc: oid(next()) }
            })
            .collect(),
        extension: None,
    }
}

/// Columns are `name type`, then `!` for NOT NULL, `:typmod` and `@collation` where they are not the type's own; `,`
/// separates.
fn relation_row(f: &mut Fields, builtins: &Builtins) -> RelationRow {
    let name = f.name();
    let oid = f.oid();
    let schema = f.schema();
    let kind = match f.text() {
        "v" => RelationKind::View,
        "p" => RelationKind::PartitionedTable,
        _ => RelationKind::Table,
    };
    let row_type = f.oid();
    let columns = (1i16..).zip(f.text().split(',')).map(|(number, text)| column_row(number, text, builtins)).collect();
    RelationRow {
        oid,
        schema,
        name,
        kind,
        row_type,
        columns,
        parents: Vec::new(),
        of_type: Oid::INVALID,
        primary_key: None,
        extension: None,
    }
}

fn column_row(number: i16, text: &'static str, builtins: &Builtins) -> ColumnRow {
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (rest, collation) = match rest.split_once('@') {
        Some((rest, collation)) => (rest, Some(oid(collation))),
        None => (rest, None),
    };
    let (rest, typmod) = match rest.split_once(':') {
        Some((rest, typmod)) => (rest, typmod.parse().unwrap_or(-1)),
        None => (rest, -1),
    };
    let not_null = rest.ends_with('!');
    let type_oid = oid(rest.trim_end_matches('!'));
    let of_type = || builtins.types().by_oid(type_oid).map_or(Oid::INVALID, |row| row.collation);
    ColumnRow {
        name: Sym::Static(name),
        number,
        type_oid,
        typmod,
        collation: collation.unwrap_or_else(of_type),
        not_null,
        generated: false,
    }
}

fn language_row(f: &mut Fields, _: &Builtins) -> LanguageRow {
    LanguageRow { name: f.name(), oid: f.oid(), trusted: f.text() == "t", extension: f.optional_name() }
}

fn keyword(f: &mut Fields) -> Keyword {
    Keyword {
        word: f.text(),
        category: match f.text() {
            "C" => KeywordCategory::ColumnName,
            "T" => KeywordCategory::TypeOrFunctionName,
            "R" => KeywordCategory::Reserved,
            _ => KeywordCategory::Unreserved,
        },
        bare_label: f.text() != "n",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn every_reference_names_a_row() {
        for major in Major::ALL {
            let all = Builtins::of(major);
            let has_type = |oid: Oid| !oid.is_valid() || all.types().by_oid(oid).is_some();
            let has_proc = |oid: Oid| !oid.is_valid() || all.procs().by_oid(oid).is_some();
            for row in all.types().iter() {
                assert!(has_type(row.element) && has_type(row.array) && has_type(row.base), "{row:?}");
                assert_eq!(row.relation.is_valid(), all.relations().by_oid(row.relation).is_some(), "{row:?}");
                let ranged = matches!(row.kind, TypeKind::Range | TypeKind::Multirange);
                assert_eq!(ranged, row.range.is_some(), "{row:?}");
                assert!(!row.collation.is_valid() || all.collations().by_oid(row.collation).is_some(), "{row:?}");
            }
            for row in all.procs().iter() {
                assert!(row.args.iter().all(|oid| has_type(*oid)) && has_type(row.result), "{row:?}");
                assert!(row.parameters.iter().all(|p| p.type_oid.is_valid() && has_type(p.type_oid)), "{row:?}");
                assert_eq!(row.kind == ProcKind::Aggregate, row.aggregate.is_some(), "{row:?}");
                assert!(all.languages().by_oid(row.language).is_some(), "{row:?}");
                let inputs = row.parameters.iter().filter(|p| p.mode.is_input()).count();
                assert!(row.parameters.is_empty() || inputs == row.args.len(), "{row:?}");
            }
            for row in all.operators().iter() {
                assert!(has_type(row.left) && has_type(row.right) && has_proc(row.proc), "{row:?}");
                assert!(row.result.is_valid() && row.right.is_valid(), "{row:?}");
                for other in [row.commutator, row.negator] {
                    assert!(!other.is_valid() || all.operators().by_oid(other).is_some(), "{row:?}");
                }
            }
            for row in all.casts() {
                assert!(has_type(row.source) && has_type(row.target) && has_proc(row.func), "{row:?}");
                assert_eq!(row.method == CastMethod::Function, row.func.is_valid(), "{row:?}");
            }
            for row in all.opclasses().iter() {
                assert!(has_type(row.input) && all.opfamilies().by_oid(row.family).is_some(), "{row:?}");
                assert!(all.access_methods().by_oid(row.method).is_some(), "{row:?}");
            }
            for row in all.opfamilies().iter() {
                assert!(row.operators.iter().all(|op| all.operators().by_oid(op.operator).is_some()), "{row:?}");
                assert!(row.procs.iter().all(|p| has_proc(p.proc)), "{row:?}");
            }
            for row in all.relations().iter() {
                assert!(row.columns.iter().all(|c| c.type_oid.is_valid() && has_type(c.type_oid)), "{row:?}");
                assert_eq!(all.types().by_oid(row.row_type).unwrap().relation, row.oid, "{row:?}");
            }
            let keywords = all.keywords();
            assert!(keywords.len() > 400 && keywords.is_sorted_by(|a, b| a.word < b.word));
        }
    }

    #[test]
    fn parsing_one_major_is_quick() {
        let start = std::time::Instant::now();
        let all = Builtins::of(Major::V16);
        let rows = all.types().iter().count()
            + all.procs().iter().count()
            + all.operators().iter().count()
            + all.casts().len()
            + all.opclasses().iter().count()
            + all.opfamilies().iter().count()
            + all.relations().iter().count()
            + all.keywords().len();
        let took = start.elapsed();
        println!("{rows} rows in {took:?}");
        assert!(rows > 5000, "{rows}");
    }
}
