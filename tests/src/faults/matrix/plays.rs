//! What is applied while something goes wrong: four plans over one source, each of another shape.

/// A plan of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Play {
    /// One phase in a transaction, of twenty statements of many kinds.
    One,
    /// Phases in transactions, with checkpoints between them.
    Phases,
    /// Phases in and outside of transactions.
    Outside,
    /// The phases in transactions, by a role that may keep no ledger.
    Unledgered,
}

/// The role that owns the schema, and may make no other.
pub const OWNER: &str = "fault_owner";

/// What is there before, behind the schema itself.
pub const SOURCE: &str = "
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE DOMAIN shop.email AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE shop.customers (id integer PRIMARY KEY, email shop.email NOT NULL, name text DEFAULT 'anon');
CREATE TABLE shop.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer integer REFERENCES shop.customers,
    total numeric(10,2) NOT NULL DEFAULT 0 CONSTRAINT total_positive CHECK (total >= 0),
    state shop.state NOT NULL DEFAULT 'new',
    note varchar(20)
);
CREATE INDEX orders_customer ON shop.orders (customer);
CREATE TABLE shop.old (a integer, b text);
CREATE TABLE shop.log (at date) PARTITION BY RANGE (at);
CREATE TABLE shop.log_1 PARTITION OF shop.log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE SEQUENCE shop.numbers;
CREATE VIEW shop.beside AS SELECT 1 AS one;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
INSERT INTO shop.customers SELECT n, n || '@example.org' FROM generate_series(1, 50) n;
INSERT INTO shop.orders (customer, total) SELECT n, n * 1.5 FROM generate_series(1, 50) n;
";

/// The rows, as no statement of any plan changes them.
pub const ROWS: &str =
    "SELECT count(*) || ' ' || sum(total) || ' ' || sum(customer) || ' ' || min(id) || ' ' || max(id) FROM shop.orders";

const ONE: &[&[&str]] = &[&[
    "ALTER TYPE shop.state ADD VALUE 'sent' AFTER 'paid'",
    "ALTER TABLE shop.orders ADD COLUMN placed timestamp with time zone DEFAULT now() NOT NULL",
    "ALTER TABLE shop.orders ALTER COLUMN note TYPE text",
    "CREATE INDEX orders_placed ON shop.orders (placed)",
    "CREATE TABLE shop.items (order_id bigint NOT NULL, line integer NOT NULL, what text, PRIMARY KEY (order_id, line))",
    "ALTER TABLE shop.items ADD CONSTRAINT items_order_fkey FOREIGN KEY (order_id) REFERENCES shop.orders (id)",
    "COMMENT ON TABLE shop.items IS 'lines of an order'",
    "DROP TABLE shop.old",
    "ALTER TABLE shop.orders ALTER COLUMN total SET DEFAULT 1",
    "ALTER TABLE shop.orders DROP CONSTRAINT total_positive",
    "ALTER TABLE shop.orders ADD CONSTRAINT total_in_range CHECK (total >= 0 AND total < 100000)",
    "CREATE TRIGGER orders_touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch()",
    "ALTER TABLE shop.customers ADD COLUMN vip boolean DEFAULT false NOT NULL",
    "CREATE VIEW shop.best AS SELECT id FROM shop.customers WHERE vip",
    "ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY only_vip ON shop.customers FOR SELECT USING (vip)",
    "CREATE UNIQUE INDEX customers_email ON shop.customers (lower((email)::text))",
    "DROP INDEX shop.orders_customer",
    "CREATE SEQUENCE shop.invoices START WITH 1000",
    "CREATE FUNCTION shop.total(bigint) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT total FROM shop.orders WHERE id = $1'",
]];

const PHASES: &[&[&str]] = &[
    &[
        "ALTER TYPE shop.state ADD VALUE 'sent' AFTER 'paid'",
        "CREATE TABLE shop.items (order_id bigint NOT NULL, line integer NOT NULL, PRIMARY KEY (order_id, line))",
        "ALTER TABLE shop.items ADD CONSTRAINT items_order_fkey FOREIGN KEY (order_id) REFERENCES shop.orders (id) NOT VALID",
        "DROP TABLE shop.old",
    ],
    &[
        "ALTER TABLE shop.orders ALTER COLUMN state SET DEFAULT 'sent'::shop.state",
        "ALTER TABLE shop.items VALIDATE CONSTRAINT items_order_fkey",
        "ALTER TABLE shop.customers ADD COLUMN vip boolean DEFAULT false NOT NULL",
    ],
    &[
        "CREATE UNIQUE INDEX customers_email ON shop.customers (lower((email)::text))",
        "DROP INDEX shop.orders_customer",
    ],
    &["COMMENT ON TABLE shop.items IS 'lines of an order'"],
];

const OUTSIDE: &[&[&str]] = &[
    &["CREATE TABLE shop.items (order_id bigint NOT NULL)", "ALTER TABLE shop.customers ADD COLUMN vip boolean"],
    &["CREATE UNIQUE INDEX CONCURRENTLY customers_email ON shop.customers (lower((email)::text))"],
    &["ALTER TYPE shop.state ADD VALUE 'sent' AFTER 'paid'"],
    &["ALTER TABLE shop.orders ALTER COLUMN state SET DEFAULT 'sent'::shop.state"],
    &["DROP INDEX CONCURRENTLY shop.orders_customer"],
    &["ALTER TABLE shop.log DETACH PARTITION shop.log_1 CONCURRENTLY"],
    &["COMMENT ON TABLE shop.log_1 IS 'of 2025'"],
];

impl Play {
    /// All of them.
    pub const ALL: [Play; 4] = [Play::One, Play::Phases, Play::Outside, Play::Unledgered];

    /// How it is called.
    pub fn word(self) -> &'static str {
        match self {
            Play::One => "one",
            Play::Phases => "phases",
            Play::Outside => "outside",
            Play::Unledgered => "unledgered",
        }
    }

    /// Its statements, phase by phase.
    pub fn phases(self) -> &'static [&'static [&'static str]] {
        match self {
            Play::One => ONE,
            Play::Phases | Play::Unledgered => PHASES,
            Play::Outside => OUTSIDE,
        }
    }

    /// Whether that phase, counted from 1, is outside a transaction.
    pub fn is_outside(self, phase: usize) -> bool {
        self == Play::Outside && matches!(phase, 2 | 3 | 5 | 6)
    }

    /// The role that the agent connects as.
    pub fn role(self) -> &'static str {
        if self == Play::Unledgered { OWNER } else { "postgres" }
    }

    /// The statements that make the source.
    pub fn source(self) -> String {
        match self {
            Play::Unledgered => format!("CREATE SCHEMA shop AUTHORIZATION {OWNER}; SET ROLE {OWNER}; {SOURCE}"),
            Play::One | Play::Phases | Play::Outside => format!("CREATE SCHEMA shop; {SOURCE}"),
        }
    }
}
