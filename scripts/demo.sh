#!/usr/bin/env bash
# The story of a schema change, in the terminal: from a developer's database over a reviewed, sealed plan to staging and
# production; then what happens to a plan that meets another database than it was made for, and to one that was tampered with.
# Runs on one private server of major 18 in a temporary folder, stopped and removed at the end. Ends with an error as soon as
# something is not as the story says, so it is a test too.
#   PGSEAL_PROGRAMS=FOLDER   use the programs in that folder in place of a release build
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
repository=$PWD

fail() { printf '%s\n' "demo.sh: $*" >&2; exit 1; }

# --- set-up, silent when there is nothing to do -----------------------------------------------------------------------
major=18
home=$(cd "${PGSEAL_SERVERS:-$repository/.servers}/$major" 2>/dev/null && pwd -P) ||
  fail "Postgres $major is not installed: run \"make demo\", or scripts/servers.sh $major"
command -v psql >/dev/null || fail "\"psql\" is missing (Debian, Ubuntu: apt-get install postgresql-client)"
programs=${PGSEAL_PROGRAMS:-}
if [ -z "$programs" ]; then
  CARGO_TERM_QUIET=true scripts/build.sh
  programs=$(cargo metadata --locked --no-deps --format-version 1 | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')/release
fi
programs=$(cd "$programs" && pwd -P)

desk=$(mktemp -d "${TMPDIR:-/tmp}/pgseal-demo.XXXXXX")
# the guard of the tests' servers: it stops the server and removes its folder when its input closes, whatever happens here
guard=(sh "$repository/tests/src/server.sh" /tmp "$home")
if [ "$(id -u)" = 0 ]; then
  command -v setpriv >/dev/null || fail "\"setpriv\" is missing (Debian, Ubuntu: apt-get install util-linux)"
  guard=(setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "$(cat tests/src/server.sh)" server.sh /tmp "$home")
fi
coproc SERVER { cd / && exec env -u PGDATA LC_ALL=C.UTF-8 "${guard[@]}"; }
# shellcheck disable=SC2153 # set by coproc
guard_pid=$SERVER_PID
cleanup() {
  exec {SERVER[1]}>&- 2>/dev/null || true
  wait "$guard_pid" 2>/dev/null || true
  rm -rf "$desk"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
read -r socket <&"${SERVER[0]}" || fail "the server's folder could not be made"
printf '%s\n' "listen_addresses = ''" "fsync = off" "shared_buffers = '32MB'" "max_wal_size = '256MB'" "wal_level = minimal" \
  "max_wal_senders = 0" "timezone = 'UTC'" "jit = off" >>"$socket/data/postgresql.conf"
echo start >&"${SERVER[1]}"
read -r _ <&"${SERVER[0]}"
export PGHOST=$socket PGPORT=5432 PGUSER=postgres PGOPTIONS='--client-min-messages=warning'
unset PGSERVICE PGDATABASE PGPASSFILE
for _ in $(seq 300); do
  psql -d postgres -qc 'SELECT 1' >/dev/null 2>&1 && break
  sleep 0.1
done
psql -d postgres -qc 'SELECT 1' >/dev/null || fail "the server does not start: $(tail -n 3 "$socket/log")"

# --- how the story is told ---------------------------------------------------------------------------------------------
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' blue=$'\e[1;36m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m' colour=always
else
  bold='' dim='' blue='' green='' red='' plain='' colour=never
fi

chapter=0
chapter() {
  chapter=$((chapter + 1))
  printf '\n%s%s. %s%s\n' "$blue" "$chapter" "$1" "$plain"
  shift
  for line in "$@"; do printf '%s%s%s\n' "$dim" "$line" "$plain"; done
}

# expect CODE COMMAND...: prints the command, runs it, and ends the story when it ends otherwise; what it said is in $said
said=
expect() {
  local code=$1 ended=0 word
  shift
  printf '%s$' "$bold"
  for word in "$@"; do
    case $word in *[!A-Za-z0-9_./=,-]*) printf ' "%s"' "$word" ;; *) printf ' %s' "$word" ;; esac
  done
  printf '%s\n' "$plain"
  "$@" >"$desk/.said" 2>&1 || ended=$?
  said=$(cat "$desk/.said")
  [ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/  /'
  if [ "$ended" != "$code" ]; then
    fail "\"$1\" ended with $ended, and the story says $code"
  fi
  if [ "$code" -gt 1 ]; then printf '  %sexit code %s, as it should be%s\n' "$red" "$code" "$plain"; fi
}

# told TEXT...: what the last command must have said
told() {
  for text in "$@"; do
    case $said in *"$text"*) ;; *) fail "the last command should have said \"$text\"" ;; esac
  done
}

pgseal() { "$programs/pgseal" --color "$colour" "$@"; }
pgseal-agent() { "$programs/pgseal-agent" "$@"; }

fingerprint() { # DATABASE
  "$programs/pgseal-agent" capture --db "$1" --out "$desk/.now.json" >"$desk/.captured" 2>&1 || fail "$(cat "$desk/.captured")"
  sed -n 's/^.*fingerprint \([0-9a-f]*\).*$/\1/p' "$desk/.captured"
}

# --- three databases with one schema and different pasts ----------------------------------------------------------------
old="
CREATE TYPE order_state AS ENUM ('new', 'paid', 'cancelled');
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL CONSTRAINT customers_email_key UNIQUE,
    name text NOT NULL
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL CONSTRAINT orders_customer_id_fkey REFERENCES customers (id) ON DELETE CASCADE,
    state order_state DEFAULT 'new' NOT NULL,
    total numeric(10,2) DEFAULT 0 NOT NULL,
    placed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT orders_total_check CHECK (total >= 0)
);
CREATE INDEX orders_customer_id_idx ON orders (customer_id);
COMMENT ON TABLE orders IS 'what customers bought';
"
for database in dev staging production; do
  psql -d postgres -qc "CREATE DATABASE shop_$database TEMPLATE template0"
  psql -d "shop_$database" -qv ON_ERROR_STOP=1 -c "$old" \
    -c "INSERT INTO customers (email, name) SELECT n || '@example.org', 'customer ' || n FROM generate_series(1, 200) n" \
    -c "INSERT INTO orders (customer_id, total) SELECT 1 + n % 200, n % 900 FROM generate_series(1, 2000) n" -c ANALYZE
done
# production is older: columns came and went, an index was built anew
psql -d shop_production -qv ON_ERROR_STOP=1 -c "ALTER TABLE orders ADD COLUMN fax text, DROP COLUMN placed_at" \
  -c "ALTER TABLE orders DROP COLUMN fax, ADD COLUMN placed_at timestamp with time zone DEFAULT now() NOT NULL" \
  -c "REINDEX TABLE orders"
cd "$desk"
began=$(date +%s)

printf '%spgseal: a schema change across an air gap%s\n' "$bold" "$plain"
printf '%sOne server, three databases with the same schema: shop_dev, shop_staging, shop_production.%s\n' "$dim" "$plain"

chapter "Capture the schema as it is, and write it down" \
  "The agent reads the catalog of a database into a file. The compiler has no network; it works on files alone."
expect 0 pgseal-agent capture --db shop_dev --out dev.json
expect 0 pgseal dump dev.json --out schema.sql
cp schema.sql schema.old.sql

chapter "Edit schema.sql" \
  "A column with a default, an index, an enum value that becomes a default, a changed check, a function and its trigger."
edit() { # PATTERN REPLACEMENT: one place of schema.sql
  local before
  before=$(cat schema.sql)
  sed -i -E "0,/$1/s//$2/" schema.sql
  [ "$before" != "$(cat schema.sql)" ] || fail "schema.sql has no place for the edit \"$1\""
}
edit "'paid'" "'paid',\\n    'shipped'"
edit "DEFAULT 'new'(::[a-z._]+)?" "DEFAULT 'shipped'"
edit "(total >= )(0|\\(0\\)::numeric)\\)" "\\1\\2 AND total < 1000000)"
edit "(name text NOT NULL)" "\\1,\\n    vip boolean DEFAULT false NOT NULL"
cat >>schema.sql <<'SQL'

CREATE INDEX orders_placed_at_idx ON public.orders USING btree (placed_at DESC) WHERE total > 0;

CREATE FUNCTION public.refuse_late_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'cancelled' THEN
    RAISE EXCEPTION 'order % is cancelled', OLD.id;
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER orders_late_changes BEFORE UPDATE ON public.orders
  FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION public.refuse_late_changes();
SQL
expect 1 diff -U1 --color="$colour" schema.old.sql schema.sql

chapter "Keys and trust" \
  "Two people have to sign a plan before an agent acts on it. The agent has a key too, for its receipts."
for name in author reviewer agent; do expect 0 pgseal keygen --out "$name.pem" --no-passphrase; done
expect 0 pgseal trust init --key author.pub.pem --key reviewer.pub.pem --threshold 2 --out trust.toml

chapter "Plan against staging" \
  "Phases, locks and hazards before anything runs; the compiler has run the plan in its model, and promises a fingerprint after each phase."
expect 0 pgseal-agent capture --db shop_staging --out staging.json
expect 0 pgseal plan --snapshot staging.json --schema schema.sql --out plan.json --key author.pem

chapter "One signature is not enough" "The reviewer signs the same bytes."
expect 3 pgseal-agent apply --plan plan.json --trust trust.toml --db shop_staging
expect 0 pgseal sign plan.json --key reviewer.pem
expect 0 pgseal verify plan.json --trust trust.toml

chapter "Apply it to staging"
expect 0 pgseal-agent apply --plan plan.json --trust trust.toml --db shop_staging --receipt staging.receipt.json --key agent.pem
told "applied"

chapter "Apply the same plan to production" \
  "Its history is another one (columns came and went there), its schema was the same: so is the fingerprint, and so is the result."
expect 0 pgseal-agent apply --plan plan.json --trust trust.toml --db shop_production --receipt production.receipt.json --key agent.pem
told "applied"
expect 0 pgseal-agent apply --plan plan.json --trust trust.toml --db shop_production
told "nothing to do"
[ "$(fingerprint shop_staging)" = "$(fingerprint shop_production)" ] || fail "staging and production differ"
printf '  %sstaging and production have one fingerprint: %s%s\n' "$green" "$(fingerprint shop_production)" "$plain"
expect 0 pgseal-agent capture --db shop_staging --out staging.json
expect 0 pgseal diff staging.json schema.sql

chapter "Somebody fixes production by hand" \
  "The next plan was made for the schema that staging has. The agent at production sees that this is no longer its own."
sed -i -E 's/^(COMMENT ON TABLE .*orders IS ).*/\1'"'orders, paid or not';/" schema.sql
expect 0 pgseal plan --snapshot staging.json --schema schema.sql --out next.json --key author.pem
expect 0 pgseal sign next.json --key reviewer.pem
expect 0 psql -d shop_production -c "ALTER TABLE orders ALTER COLUMN total TYPE numeric(12,2)"
hotfixed=$(fingerprint shop_production)
expect 4 pgseal-agent apply --plan next.json --trust trust.toml --db shop_production --receipt refused.receipt.json --key agent.pem
told orders total "numeric(10,2)" "numeric(12,2)"
[ "$(fingerprint shop_production)" = "$hotfixed" ] || fail "production was changed by a plan that was refused"

chapter "Somebody edits the plan" "One word in one statement; the signatures are of the bytes that were reviewed."
cp next.json.sig tampered.json.sig
sed 's/paid or not/paid and not/' next.json >tampered.json
expect 1 diff -U0 --color="$colour" next.json tampered.json
expect 3 pgseal-agent apply --plan tampered.json --trust trust.toml --db shop_staging
expect 0 pgseal-agent apply --plan next.json --trust trust.toml --db shop_staging
told "applied"

printf '\n%sThe story took %s seconds.%s The server and its folder go now.\n' "$green" $(($(date +%s) - began)) "$plain"
