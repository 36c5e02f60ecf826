//! Expressions put together at random from a server's operators, functions and casts; the same for the same seed.

use std::collections::BTreeMap;

use postgres::Client;

use super::{Case, generated};

/// The types that expressions are put together from.
const TYPES: [&str; 26] = [
    "bool",
    "int2",
    "int4",
    "int8",
    "numeric",
    "float4",
    "float8",
    "text",
    "varchar",
    "bpchar",
    "name",
    "char",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "uuid",
    "bytea",
    "json",
    "jsonb",
    "inet",
    "int4range",
    "_int4",
    "_text",
    "oid",
];

/// How an expression of some type can be made, `{}` standing for each operand.
struct Rule {
    template: String,
    operands: Vec<String>,
}

struct Generator {
    rules: BTreeMap<String, Vec<Rule>>,
    columns: BTreeMap<String, Vec<String>>,
    state: u64,
}

/// So many expressions over the table `t`.
///
/// # Panics
/// When the catalogs cannot be read.
pub fn cases(session: &mut Client, seed: u64, count: usize) -> Vec<Case> {
    let mut generator = Generator { rules: rules(session), columns: columns(session), state: seed };
    (0..count)
        .map(|_| {
            if generator.below(3) == 0 {
                return Case::check(generator.expression("bool", 4));
            }
            let ty = TYPES[generator.below(TYPES.len())];
            Case::value(generator.expression(ty, 4))
        })
        .collect()
}

fn columns(session: &mut Client) -> BTreeMap<String, Vec<String>> {
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let rows = session
        .query(
            "SELECT typname::text, quote_ident(attname) FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
             WHERE attrelid = 'public.t'::regclass AND attnum > 0 ORDER BY attnum",
            &[],
        )
        .expect("the columns of t");
    for row in rows {
        columns.entry(row.get(0)).or_default().push(row.get(1));
    }
    columns
}

fn rules(session: &mut Client) -> BTreeMap<String, Vec<Rule>> {
    let mut rules: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
    let statement = "
        SELECT r.typname::text, CASE WHEN oprleft = 0 THEN format('%s {}', oprname) ELSE format('{} %s {}', oprname) END,
            CASE WHEN oprleft = 0 THEN ARRAY[b.typname::text] ELSE ARRAY[a.typname::text, b.typname::text] END
        FROM pg_operator JOIN pg_type r ON r.oid = oprresult LEFT JOIN pg_type a ON a.oid = oprleft JOIN pg_type b ON b.oid = oprright
        WHERE oprnamespace = 'pg_catalog'::regnamespace AND (oprleft = 0 OR a.typname = ANY ($1)) AND b.typname = ANY ($1)
            AND r.typname = ANY ($1)
        UNION ALL
        SELECT r.typname::text, format('%I(%s)', proname, (SELECT string_agg('{}', ', ') FROM unnest(proargtypes))),
            (SELECT array_agg(typname::text ORDER BY n) FROM unnest(proargtypes) WITH ORDINALITY a(ty, n) JOIN pg_type ON pg_type.oid = ty)
        FROM pg_proc JOIN pg_type r ON r.oid = prorettype
        WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND NOT proretset AND pronargs BETWEEN 1 AND 4
            AND r.typname = ANY ($1) AND provariadic = 0
            AND NOT EXISTS (SELECT FROM unnest(proargtypes) ty WHERE ty NOT IN (SELECT oid FROM pg_type WHERE typname = ANY ($1)))
        UNION ALL
        SELECT t.typname::text, format('{}::%s', format_type(casttarget, NULL)), ARRAY[s.typname::text]
        FROM pg_cast JOIN pg_type s ON s.oid = castsource JOIN pg_type t ON t.oid = casttarget
        WHERE s.typname = ANY ($1) AND t.typname = ANY ($1)
        ORDER BY 1, 2, 3";
    let types: Vec<&str> = TYPES.to_vec();
    for row in session.query(statement, &[&types]).expect("the catalogs") {
        let rule = Rule { template: row.get(1), operands: row.get(2) };
        rules.entry(row.get(0)).or_default().push(rule);
    }
    let fixed: [(&str, &str, &[&str]); 14] = [
        ("bool", "{} AND {}", &["bool", "bool"]),
        ("bool", "{} OR {}", &["bool", "bool"]),
        ("bool", "NOT {}", &["bool"]),
        ("bool", "{} IS TRUE", &["bool"]),
        ("bool", "{} LIKE {}", &["text", "text"]),
        ("bool", "{} IN ({}, {})", &["varchar", "text", "varchar"]),
        ("bool", "{} IN ({}, {})", &["numeric", "int4", "float8"]),
        ("bool", "({}, {}) < ({}, {})", &["int4", "text", "int8", "varchar"]),
        ("text", "substring({} from {})", &["text", "int4"]),
        ("text", "trim({} from {})", &["text", "varchar"]),
        ("text", "{} COLLATE \"C\"", &["text"]),
        ("numeric", "extract(year from {})", &["timestamptz"]),
        ("timestamp", "{} AT TIME ZONE {}", &["timestamptz", "text"]),
        ("int4", "{}[{}]", &["_int4", "int4"]),
    ];
    for (ty, template, operands) in fixed {
        let operands = operands.iter().map(|operand| (*operand).to_owned()).collect();
        rules.entry(ty.to_owned()).or_default().push(Rule { template: template.to_owned(), operands });
    }
    for ty in TYPES {
        let own = rules.entry(ty.to_owned()).or_default();
        for template in ["CASE WHEN {} THEN {} ELSE {} END", "CASE WHEN {} THEN {} END"] {
            let operands = ["bool", ty, ty].iter().map(|operand| (*operand).to_owned()).collect();
            own.push(Rule { template: template.to_owned(), operands });
        }
        for template in ["COALESCE({}, {})", "NULLIF({}, {})", "GREATEST({}, {})"] {
            own.push(Rule { template: template.to_owned(), operands: vec![ty.to_owned(), ty.to_owned()] });
        }
        let tests = rules.entry("bool".to_owned()).or_default();
        for template in [
            "{} IS NULL",
            "{} IS DISTINCT FROM {}",
            "{} BETWEEN {} AND {}",
            "{} IN ({}, {})",
            "{} = ANY (ARRAY[{}, {}])",
        ] {
            let operands = vec![ty.to_owned(); template.matches("{}").count()];
            tests.push(Rule { template: template.to_owned(), operands });
        }
    }
    rules
}

impl Generator {
    /// A number below a limit (xorshift).
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 16).unwrap_or_default() % limit.max(1)
    }

    fn expression(&mut self, ty: &str, depth: usize) -> String {
        let rules = self.rules.get(ty).map_or(0, Vec::len);
        if depth == 0 || rules == 0 || self.below(4) == 0 {
            return self.leaf(ty);
        }
        let at = self.below(rules);
        let Rule { template, operands } = &self.rules[ty][at];
        let (template, operands) = (template.clone(), operands.clone());
        let mut pieces = template.split("{}");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (operand, piece) in operands.iter().zip(pieces) {
            // Where any type will do, the nearest one that casts by itself is tried now and then.
            text.push('(');
            text.push_str(&self.expression(operand, depth - 1));
            text.push(')');
            text.push_str(piece);
        }
        text
    }

    fn leaf(&mut self, ty: &str) -> String {
        let quoted = generated::literal(ty).map(|text| format!("'{}'", text.replace('\'', "''")));
        match (self.below(8), quoted) {
            (0, _) => "NULL".to_owned(),
            (1 | 2, Some(literal)) => literal,
            (3, Some(literal)) if !ty.starts_with('_') && ty != "char" => format!("{ty} {literal}"),
            (4, _) if matches!(ty, "int2" | "int4" | "int8" | "numeric" | "float8") => {
                ["1", "-2", "3000000000", "1.50", "0"][self.below(5)].to_owned()
            }
            _ => {
                let count = self.columns.get(ty).map_or(0, Vec::len);
                let at = self.below(count);
                self.columns.get(ty).and_then(|columns| columns.get(at)).cloned().unwrap_or_else(|| "NULL".to_owned())
            }
        }
    }
}
