//! Expressions by chance, by their type: what only that type has.

use super::grammar::{Column, Grammar, Ty};

impl Grammar {
    /// An expression in a form that only its type has.
    pub(super) fn expr_of(&mut self, ty: Ty, depth: usize, scope: &[Column]) -> String {
        match ty {
            Ty::Int => self.int(depth, scope),
            Ty::Text => self.text(depth, scope),
            Ty::Num => self.num(depth, scope),
            Ty::Bool => self.bool(depth, scope),
            Ty::Date => self.date(depth, scope),
            Ty::Time => self.time(depth, scope),
            Ty::Ints => self.ints(depth, scope),
            Ty::Texts => self.texts(depth, scope),
            Ty::Json => self.json(depth, scope),
            Ty::Xml => self.xml(depth, scope),
            Ty::Pair => {
                self.note("ROW");
                let (x, y) = (self.expr(Ty::Int, depth, scope), self.expr(Ty::Text, depth, scope));
                format!("ROW({x}, {y})::pair")
            }
            Ty::Mood => {
                self.note("polymorphic");
                self.chance.word(&["enum_first(NULL::mood)", "'sad'::mood", "(enum_range(NULL::mood))[2]"])
            }
        }
    }

    fn int(&mut self, depth: usize, scope: &[Column]) -> String {
        let one = self.expr(Ty::Int, depth, scope);
        match self.chance.below(18) {
            0 => format!("{one} + {}", self.leaf(Ty::Int, scope)),
            1 => format!("- ({one})"),
            2 => format!("({one} * 2) % 5"),
            3 => format!("length({})", self.expr(Ty::Text, depth, scope)),
            4 => {
                self.note("overloaded function");
                let ty = self.chance.of(&[Ty::Int, Ty::Text, Ty::Num]).copied().unwrap_or(Ty::Int);
                format!("over({})", self.expr(ty, depth, scope))
            }
            5 => {
                self.note("unknown literal");
                self.chance.word(&["over('x')", "over(NULL::text)", "abs('5')", "'5' + 1", "7 - '2'"])
            }
            6 => {
                self.note("variadic");
                format!("vari({one}, 2, 3)")
            }
            7 => {
                self.note("variadic");
                format!("vari(VARIADIC {})", self.expr(Ty::Ints, depth, scope))
            }
            8 => {
                self.note("subscript");
                format!("({})[{one}]", self.expr(Ty::Ints, depth, scope))
            }
            9 => {
                self.note("field selection");
                format!("({}).x", self.expr(Ty::Pair, depth, scope))
            }
            10 => {
                self.note("special syntax");
                let part = self.chance.word(&["year", "month", "epoch", "dow"]);
                format!("EXTRACT({part} FROM {})::integer", self.expr(Ty::Date, depth, scope))
            }
            11 => {
                self.note("special syntax");
                format!("POSITION('x' IN {})", self.expr(Ty::Text, depth, scope))
            }
            12 => {
                self.note("domain");
                format!("({one})::posint")
            }
            13 => {
                self.note("polymorphic");
                format!("first_of({})", self.expr(Ty::Ints, depth, scope))
            }
            14 => format!("({})::integer", self.expr(Ty::Num, depth, scope)),
            15 => format!("@ {one}"),
            16 => {
                self.note("operator with a schema");
                format!("{one} OPERATOR(pg_catalog.-) 1")
            }
            _ => format!("array_length({}, 1)", self.expr(Ty::Ints, depth, scope)),
        }
    }

    fn text(&mut self, depth: usize, scope: &[Column]) -> String {
        let one = self.expr(Ty::Text, depth, scope);
        match self.chance.below(21) {
            0 => format!("{one} || {}", self.leaf(Ty::Text, scope)),
            1 => format!("lower({one})"),
            2 => {
                self.note("special syntax");
                format!("SUBSTRING({one} FROM 1 FOR 2)")
            }
            3 => {
                self.note("special syntax");
                let side = self.chance.word(&["BOTH", "LEADING", "TRAILING"]);
                format!("TRIM({side} 'x' FROM {one})")
            }
            4 => {
                self.note("special syntax");
                format!("OVERLAY({one} PLACING 'y' FROM 2 FOR 1)")
            }
            5 => {
                self.note("special syntax");
                format!("NORMALIZE({one}, NFC)")
            }
            6 => {
                self.note("COLLATE");
                format!("({one}) COLLATE \"C\"")
            }
            7 => {
                self.note("named argument");
                format!("named({}, c => 2)", self.expr(Ty::Int, depth, scope))
            }
            8 => {
                self.note("named argument");
                format!("named(b => {one}, a => 1)")
            }
            9 => {
                self.note("default argument");
                format!("named({})", self.expr(Ty::Int, depth, scope))
            }
            10 => {
                self.note("field selection");
                format!("({}).y", self.expr(Ty::Pair, depth, scope))
            }
            11 => {
                self.note("subscript");
                format!("({})[1]", self.expr(Ty::Texts, depth, scope))
            }
            12 => {
                self.note("variadic any");
                format!("format('%s %s', {one}, {})", self.expr(Ty::Int, depth, scope))
            }
            13 => {
                self.note("SQL value function");
                self.chance.word(&[
                    "CURRENT_USER::text",
                    "SESSION_USER::text",
                    "CURRENT_SCHEMA::text",
                    "CURRENT_CATALOG::text",
                ])
            }
            14 => format!("{} ->> 'k'", self.leaf(Ty::Json, scope)),
            15 => {
                self.note("domain");
                format!("({one})::short::text")
            }
            16 if self.major >= 17 => {
                self.note("JSON_VALUE");
                let more = self.chance.word(&[
                    "",
                    " RETURNING text",
                    " DEFAULT 'x' ON EMPTY ERROR ON ERROR",
                    " NULL ON ERROR",
                ]);
                format!("JSON_VALUE({}, '$.k'{more})", self.expr(Ty::Json, depth, scope))
            }
            17 if self.major >= 17 => {
                self.note("JSON_SERIALIZE");
                format!("JSON_SERIALIZE({} RETURNING text)", self.expr(Ty::Json, depth, scope))
            }
            18 => {
                self.note("XMLSERIALIZE");
                format!("XMLSERIALIZE(CONTENT {} AS text)", self.expr(Ty::Xml, depth, scope))
            }
            19 => format!("({})::text", self.expr(Ty::Mood, depth, scope)),
            _ => format!("CAST({} AS text)", self.expr(Ty::Num, depth, scope)),
        }
    }

    fn num(&mut self, depth: usize, scope: &[Column]) -> String {
        let one = self.expr(Ty::Num, depth, scope);
        match self.chance.below(7) {
            0 => format!("{one} * {}", self.leaf(Ty::Num, scope)),
            1 => format!("round({one}, 1)"),
            2 => format!("({one})::numeric(8,2)"),
            3 => format!("({})::numeric", self.expr(Ty::Int, depth, scope)),
            4 => format!("{} / 2.0", self.expr(Ty::Int, depth, scope)),
            5 => format!("{one} ^ 2::numeric"),
            _ => format!("- {one}"),
        }
    }

    fn bool(&mut self, depth: usize, scope: &[Column]) -> String {
        let kinds = [Ty::Int, Ty::Text, Ty::Num, Ty::Date, Ty::Time, Ty::Mood, Ty::Ints];
        let ty = self.chance.of(&kinds).copied().unwrap_or(Ty::Int);
        let (one, two) = (self.expr(ty, depth, scope), self.expr(ty, depth, scope));
        match self.chance.below(26) {
            0 | 1 => {
                let op = self.chance.word(&["=", "<>", "<", ">="]);
                format!("{one} {op} {two}")
            }
            2 => {
                let (a, b) = (self.expr(Ty::Bool, depth, scope), self.expr(Ty::Bool, depth, scope));
                format!("({a} AND NOT {b} OR {a})")
            }
            3 => {
                self.note("null test");
                format!("{one} IS {}NULL", self.chance.word(&["", "NOT "]))
            }
            4 => {
                self.note("boolean test");
                let test = self.chance.word(&["TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"]);
                format!("({}) IS {test}", self.expr(Ty::Bool, depth, scope))
            }
            5 => {
                self.note("IS DISTINCT FROM");
                format!("{one} IS {}DISTINCT FROM {two}", self.chance.word(&["", "NOT "]))
            }
            6 => {
                self.note("row comparison");
                let op = self.chance.word(&["=", "<>", "<", ">="]);
                format!("({one}, {}) {op} ({two}, 3)", self.expr(Ty::Int, 0, scope))
            }
            7 => {
                self.note("IN");
                format!("{one} {}IN ({two}, {})", self.chance.word(&["", "NOT "]), self.leaf(ty, scope))
            }
            8 => {
                self.note("BETWEEN");
                let how = self.chance.word(&["BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC"]);
                format!("{one} {how} {two} AND {}", self.leaf(ty, scope))
            }
            9 => {
                self.note("LIKE");
                let how = self.chance.word(&["LIKE", "NOT LIKE", "ILIKE", "SIMILAR TO"]);
                format!("{} {how} 'x%' ESCAPE '!'", self.expr(Ty::Text, depth, scope))
            }
            10 => format!("{} ~* 'x'", self.expr(Ty::Text, depth, scope)),
            11 => {
                self.note("ANY of an array");
                let all = self.chance.word(&["ANY", "ALL"]);
                format!("{} = {all} ({})", self.expr(Ty::Int, depth, scope), self.expr(Ty::Ints, depth, scope))
            }
            12 => {
                self.note("EXISTS");
                let ty = self.any_type();
                format!("EXISTS ({})", self.select(&[ty], depth, scope, false))
            }
            13 => {
                self.note("IN subquery");
                let not = self.chance.word(&["", "NOT "]);
                format!("{one} {not}IN ({})", self.select(&[ty], depth, scope, false))
            }
            14 => {
                self.note("ANY of a subquery");
                let all = self.chance.word(&["ANY", "ALL"]);
                format!("{one} >= {all} ({})", self.select(&[ty], depth, scope, false))
            }
            15 => {
                self.note("row IN subquery");
                let text = self.leaf(Ty::Text, scope);
                format!("({one}, {text}) IN ({})", self.select(&[ty, Ty::Text], depth, scope, false))
            }
            16 => {
                self.note("row compared with subquery");
                let query = self.select(&[ty, Ty::Text], depth, scope, false);
                format!("({one}, 'x') = (SELECT z.c0, z.c1 FROM ({query}) AS z LIMIT 1)")
            }
            17 => {
                self.note("OVERLAPS");
                let date = self.expr(Ty::Date, depth, scope);
                format!("({date}, {date}) OVERLAPS ('2001-01-01'::date, '1 day'::interval)")
            }
            18 if self.major >= 16 => {
                self.note("IS JSON");
                let what = self.chance.word(&["", " OBJECT", " ARRAY", " SCALAR", " VALUE", " WITH UNIQUE KEYS"]);
                format!("{} IS {}JSON{what}", self.expr(Ty::Text, depth, scope), self.chance.word(&["", "NOT "]))
            }
            19 if self.major >= 17 => {
                self.note("JSON_EXISTS");
                let more = self.chance.word(&["", " ERROR ON ERROR", " PASSING 1 AS x FALSE ON ERROR"]);
                format!("JSON_EXISTS({}, '$.k'{more})", self.expr(Ty::Json, depth, scope))
            }
            20 => {
                self.note("IS DOCUMENT");
                format!("({}) IS DOCUMENT", self.expr(Ty::Xml, depth, scope))
            }
            21 => {
                self.note("XMLEXISTS");
                format!("XMLEXISTS('/x' PASSING ({}))", self.expr(Ty::Xml, depth, scope))
            }
            22 => {
                self.note("row null test");
                format!("({}, {one}) IS NOT NULL", self.leaf(Ty::Int, scope))
            }
            23 => {
                self.note("special syntax");
                format!("{} IS NFC NORMALIZED", self.expr(Ty::Text, depth, scope))
            }
            24 => format!("{} @> '{{\"k\": 1}}'", self.expr(Ty::Json, depth, scope)),
            _ => {
                self.note("row comparison");
                format!("ROW({one}, 1) IS DISTINCT FROM ROW({two}, 2)")
            }
        }
    }

    fn date(&mut self, depth: usize, scope: &[Column]) -> String {
        let one = self.expr(Ty::Date, depth, scope);
        match self.chance.below(4) {
            0 => format!("{one} + {}", self.leaf(Ty::Int, scope)),
            1 => {
                self.note("SQL value function");
                "CURRENT_DATE".to_owned()
            }
            2 => format!("({})::date", self.expr(Ty::Time, depth, scope)),
            _ => format!("({one} - '1 mon'::interval)::date"),
        }
    }

    fn time(&mut self, depth: usize, scope: &[Column]) -> String {
        let one = self.expr(Ty::Time, depth, scope);
        match self.chance.below(5) {
            0 => format!("{one} + '1 day'::interval"),
            1 => {
                self.note("SQL value function");
                self.chance.word(&["CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP(3)", "LOCALTIMESTAMP::timestamptz"])
            }
            2 => format!("date_trunc('day', {one})"),
            3 => {
                self.note("special syntax");
                format!("({one} AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'")
            }
            _ => format!("({})::timestamptz", self.expr(Ty::Date, depth, scope)),
        }
    }

    fn ints(&mut self, depth: usize, scope: &[Column]) -> String {
        let one = self.expr(Ty::Int, depth, scope);
        match self.chance.below(7) {
            0 => {
                self.note("ARRAY");
                format!("ARRAY[{one}, {}]", self.leaf(Ty::Int, scope))
            }
            1 => {
                self.note("slice");
                let bounds = self.chance.word(&["[1:2]", "[:2]", "[2:]", "[:]"]);
                format!("({}){bounds}", self.expr(Ty::Ints, depth, scope))
            }
            2 => {
                self.note("ARRAY subquery");
                format!("ARRAY({})", self.select(&[Ty::Int], depth, scope, false))
            }
            3 => {
                self.note("polymorphic");
                format!("array_append({}, {one})", self.expr(Ty::Ints, depth, scope))
            }
            4 => format!("{} || {one}", self.expr(Ty::Ints, depth, scope)),
            5 => {
                self.note("ARRAY");
                "ARRAY[]::integer[]".to_owned()
            }
            _ => {
                self.note("array cast");
                format!("({})::text[]::integer[]", self.expr(Ty::Ints, depth, scope))
            }
        }
    }

    fn texts(&mut self, depth: usize, scope: &[Column]) -> String {
        let one = self.expr(Ty::Text, depth, scope);
        match self.chance.below(4) {
            0 => {
                self.note("ARRAY");
                format!("ARRAY[{one}, 'x']")
            }
            1 => format!("string_to_array({one}, ',')"),
            2 => {
                self.note("array cast");
                format!("({})::text[]", self.expr(Ty::Ints, depth, scope))
            }
            _ => {
                self.note("ARRAY subquery");
                format!("ARRAY({})", self.select(&[Ty::Text], depth, scope, false))
            }
        }
    }

    fn json(&mut self, depth: usize, scope: &[Column]) -> String {
        let one = self.expr(Ty::Json, depth, scope);
        match self.chance.below(11) {
            0 => format!("{one} -> 'k'"),
            1 => {
                self.note("subscript");
                format!("({one})['k'][1]")
            }
            2 => {
                self.note("variadic any");
                format!("jsonb_build_object('k', {})", self.expr(Ty::Int, depth, scope))
            }
            3 => format!("to_jsonb({})", self.expr(Ty::Text, depth, scope)),
            4 if self.major >= 16 => {
                self.note("JSON_OBJECT");
                let more = self.chance.word(&["", " ABSENT ON NULL", " NULL ON NULL WITH UNIQUE KEYS"]);
                let value = self.expr(Ty::Int, depth, scope);
                format!("JSON_OBJECT('k': {value}, 'l' VALUE {one}{more} RETURNING jsonb)")
            }
            5 if self.major >= 16 => {
                self.note("JSON_ARRAY");
                let more = self.chance.word(&["", " NULL ON NULL"]);
                format!("JSON_ARRAY({}, {one}{more} RETURNING jsonb)", self.expr(Ty::Int, depth, scope))
            }
            6 if self.major >= 16 => {
                self.note("JSON_ARRAY of a query");
                format!("JSON_ARRAY({} RETURNING jsonb)", self.select(&[Ty::Int], depth, scope, false))
            }
            7 if self.major >= 17 => {
                self.note("JSON_QUERY");
                let more = self.chance.word(&[
                    "",
                    " WITH WRAPPER",
                    " RETURNING jsonb OMIT QUOTES NULL ON EMPTY",
                    " EMPTY ARRAY ON EMPTY ERROR ON ERROR",
                    " PASSING 1 AS x WITH CONDITIONAL WRAPPER",
                ]);
                format!("JSON_QUERY({one}, '$.k'{more})")
            }
            8 if self.major >= 17 => {
                self.note("JSON_SCALAR");
                format!("JSON_SCALAR({})::jsonb", self.expr(Ty::Int, depth, scope))
            }
            9 if self.major >= 17 => {
                self.note("JSON()");
                format!("JSON({} WITH UNIQUE KEYS)::jsonb", self.leaf(Ty::Text, scope))
            }
            _ => format!("{one} || '{{\"x\": null}}'"),
        }
    }

    fn xml(&mut self, depth: usize, scope: &[Column]) -> String {
        let one = self.expr(Ty::Xml, depth, scope);
        match self.chance.below(7) {
            0 => {
                self.note("XMLELEMENT");
                let value = self.expr(Ty::Text, depth, scope);
                format!("XMLELEMENT(NAME el, XMLATTRIBUTES({value} AS at, 1 AS \"b c\"), {one}, 'text')")
            }
            1 => {
                self.note("XMLFOREST");
                format!("XMLFOREST({} AS f, {one} AS \"g h\")", self.expr(Ty::Int, depth, scope))
            }
            2 => {
                self.note("XMLCONCAT");
                format!("XMLCONCAT({one}, '<y/>')")
            }
            3 => {
                self.note("XMLPARSE");
                format!("XMLPARSE(CONTENT {} PRESERVE WHITESPACE)", self.leaf(Ty::Text, scope))
            }
            4 => {
                self.note("XMLPI");
                format!("XMLPI(NAME pi, {})", self.leaf(Ty::Text, scope))
            }
            5 => {
                self.note("XMLROOT");
                let more = self.chance.word(&["VERSION '1.0'", "VERSION NO VALUE, STANDALONE YES"]);
                format!("XMLROOT({one}, {more})")
            }
            _ => {
                self.note("XMLPARSE");
                "XMLPARSE(DOCUMENT '<d/>')".to_owned()
            }
        }
    }
}
