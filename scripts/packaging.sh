#!/usr/bin/env bash
# Installs the archive of "make dist" in a small Debian that systemd-nspawn boots, with the very commands of AGENT.md, and drops plans into
# its inbox: applied, refused, tried again, one while another runs, one while nobody watches. Ends with an error as soon as something
# is not as AGENT.md says. Needs root and Debian's packages; the server, of major 18, runs here and is reached by its socket.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
repository=$PWD

fail() { printf '%s\n' "packaging.sh: $*" >&2; exit 1; }
say() { printf '%s\n' "packaging.sh: $*"; }

[ "$(id -u)" = 0 ] || fail "only root can boot a container"
for word in systemd-nspawn:systemd-container debootstrap:debootstrap psql:postgresql-client; do
  command -v "${word%:*}" >/dev/null || fail "\"${word%:*}\" is missing (Debian, Ubuntu: apt-get install ${word#*:})"
done
home=$(cd "${PGSEAL_SERVERS:-$repository/.servers}/18" 2>/dev/null && pwd -P) || fail "Postgres 18 is missing: scripts/servers.sh 18"
compgen -G 'dist/pgseal-*.tar.gz' >/dev/null || fail "there is no archive: run \"make dist\""

desk=$(mktemp -d "${TMPDIR:-/tmp}/pgseal-packaging.XXXXXX")
root=$desk/root
container=
guard=$(cat tests/src/server.sh)
coproc SERVER { cd / && exec env -u PGDATA LC_ALL=C.UTF-8 setpriv --reuid=65534 --regid=65534 --clear-groups \
  sh -c "$guard" server.sh /tmp "$home"; }
# shellcheck disable=SC2153 # set by coproc
server_pid=$SERVER_PID
cleanup() {
  if [ -n "$container" ]; then
    kill -TERM "$container" 2>/dev/null || true # nspawn ends the container
    wait "$container" 2>/dev/null || true
  fi
  # shellcheck disable=SC1083 # a descriptor in an array
  exec {SERVER[1]}>&- 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  rm -rf --one-file-system "$desk"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
read -r socket <&"${SERVER[0]}" || fail "the server's folder could not be made"
printf '%s\n' "listen_addresses = ''" "fsync = off" "shared_buffers = '32MB'" >>"$socket/data/postgresql.conf"
chmod 755 "$socket"
sql() { psql -h "$socket" -U postgres -v ON_ERROR_STOP=1 -Atq "$@"; }
server_starts() {
  echo start >&"${SERVER[1]}"
  read -r _ <&"${SERVER[0]}"
  for _ in $(seq 300); do sql -d postgres -c 'SELECT 1' >/dev/null 2>&1 && return; sleep 0.1; done
  fail "the server does not start: $(tail -n 3 "$socket/log")"
}
server_stops() { echo "halt INT" >&"${SERVER[1]}" && read -r _ <&"${SERVER[0]}"; }

say "a small Debian"
debootstrap --variant=minbase --include=systemd,systemd-sysv bookworm "$root" >"$desk/debootstrap" 2>&1 ||
  fail "debootstrap: $(tail -n 3 "$desk/debootstrap")"

# --- the container ------------------------------------------------------------------------------------------------------
boot() {
  systemd-nspawn -q -b -D "$root" --register=no --keep-unit --private-network --link-journal=no --console=pipe \
    --bind="$socket:/var/run/postgresql" >>"$desk/console" 2>&1 </dev/null &
  container=$!
  for _ in $(seq 300); do
    leader=$(pgrep -P "$container" -x systemd || true)
    [ -n "$leader" ] && case $(inside systemctl is-system-running 2>/dev/null) in running | degraded) return ;; esac
    sleep 0.2
  done
  fail "the container does not boot: $(tail -n 5 "$desk/console")"
}
inside() { nsenter -t "$leader" -m -u -i -n -p -r -w "$@"; }
agent() { inside systemctl "$1" "pgseal-agent@shop${2:-}"; }
# the commands in the section of AGENT.md with that title
commands() { awk -v title="$1" '/^#/ { on = ($0 ~ "^#+ " title "$") } on && /^    /' "$repository/AGENT.md"; }

# --- a database, people and plans ---------------------------------------------------------------------------------------
server_starts
sql -d postgres -c "CREATE ROLE pgseal_owner LOGIN" -c "CREATE DATABASE shop OWNER pgseal_owner TEMPLATE template0"
sql -d shop -c "SET ROLE pgseal_owner" -c "CREATE SCHEMA app" -c "CREATE TABLE app.one (id bigint)" -c "INSERT INTO app.one VALUES (1)" \
  -c "CREATE FUNCTION app.slow(bigint) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT pg_catalog.pg_sleep(5) IS NOT NULL'"
mkdir "$root/archive" "$desk/people"
cp dist/pgseal-*.tar.gz dist/SHA256SUMS "$root/archive/"
tar -xzf dist/pgseal-*.tar.gz -C "$desk"
programs=$(cd "$desk"/pgseal-*/ && pwd)
pgseal() { "$programs/pgseal" "$@"; }
cd "$desk/people"
for name in alice bob agent; do pgseal keygen --out "$name.pem" --no-passphrase >/dev/null; done
pgseal trust init --key alice.pub.pem --key bob.pub.pem --threshold 2 --agent-key agent.pub.pem --out trust.toml >/dev/null
printf '\n[[targets]]\nlabel = "shop"\ndatabase = "shop"\n' >>trust.toml
sed -i 's/^# require_state/require_state/' trust.toml

plan() { # STATEMENT SIGNER... [-- OPTION...]: plan.json, for the database as it is now
  local signers=() statement=$1
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do signers+=("$1"); shift; done
  [ $# = 0 ] || shift
  rm -f plan.json plan.json.sig
  "$programs/pgseal-agent" capture --host "$socket" --db shop --user postgres --out snapshot.json 2>/dev/null
  pgseal dump snapshot.json --out schema.sql
  echo "$statement" >>schema.sql
  pgseal plan --snapshot snapshot.json --schema schema.sql --out plan.json "$@" >/dev/null
  for name in "${signers[@]}"; do pgseal sign plan.json --key "$name.pem" >/dev/null 2>&1; done
}
drop() { # as AGENT.md says, by somebody who is only in pgseal-inbox
  install -m 644 plan.json plan.json.sig "$root/home/bringer/"
  commands systemd | grep -E 'inbox/shop|install.*mv' >"$root/home/bringer/drop"
  inside runuser -u bringer -- sh -eu -c 'export HOME=/home/bringer && . /home/bringer/drop'
}
ends() { # CODE: how the agent's last run ends, once it is done
  for _ in $(seq 100); do
    sleep 0.2
    [ -e "$root/var/lib/pgseal/inbox/shop/plan.json.sig" ] && continue
    case $(inside systemctl is-active pgseal-inbox@shop.service pgseal-agent@shop.service || true) in *ing*) ;; *) break ;; esac
  done
  local code
  code=$(agent show | sed -n 's/^ExecMainStatus=//p')
  [ "$code" = "$1" ] || fail "the agent ended with $code in place of $1:
$(inside journalctl -u 'pgseal-*' -n 20 -o cat --no-pager)"
  [ "$(agent is-active .path)" = active ] || fail "the inbox is closed"
}
relation() { [ "$(sql -d shop -c "SELECT count(*) FROM pg_class WHERE relname = '$1'")" = "$2" ] || fail "table $1: there should be $2"; }

# --- AGENT.md, letter by letter -----------------------------------------------------------------------------------------
say "installed"
boot
for file in agent.pem trust.toml; do cp "$file" "$root/archive/"; done
printf '%s\n' PGHOST=/var/run/postgresql PGDATABASE=shop PGUSER=pgseal_owner >"$root/archive/shop.env"
touch "$root/archive/pgpass" "$root/archive/root.crt" # by the socket neither is needed
commands Install >"$root/archive/install"
{
  echo 'cp /archive/agent.pem /archive/pgpass /archive/trust.toml /archive/root.crt packaging/systemd/'
  echo 'cp /archive/shop.env packaging/systemd/'
  commands systemd | sed '/inbox\/shop/,$d'
} >>"$root/archive/install"
inside sh -eu -c 'cd /archive && . ./install' >"$desk/said" 2>&1 || fail "the commands of AGENT.md: $(cat "$desk/said")"
inside useradd -m -G pgseal-inbox bringer
inside systemd-analyze verify --man=no pgseal-agent@shop.service pgseal-inbox@shop.service pgseal-agent@shop.path
mkdir -p "$root/etc/systemd/system/pgseal-agent@.service.d"
printf '[Service]\nRestartSec=2\n' >"$root/etc/systemd/system/pgseal-agent@.service.d/sooner.conf"
inside systemctl daemon-reload

say "a plan is applied"
plan "CREATE TABLE app.first (id int);" alice bob && drop && ends 0 && relation first 1

say "what is not signed enough, or for another target, is refused and not tried again"
plan "CREATE TABLE app.never (id int);" alice && drop && ends 3
plan "CREATE TABLE app.never (id int);" alice bob -- --target other && drop && ends 3 && relation never 0
[ "$(agent show | sed -n 's/^NRestarts=//p')" = 0 ] || fail "a plan that was refused is tried again"
for _ in $(seq 11); do drop && ends 3; done # the inbox stays open

say "no server: tried again until there is one"
plan "CREATE TABLE app.second (id int);" alice bob && server_stops && drop && sleep 3
[ "$(agent is-active .service || true)" = activating ] || fail "the plan is not tried again"
server_starts && ends 0 && relation second 1

say "a plan that comes while another runs has its turn, and a run can be stopped and continued"
plan "ALTER TABLE app.one ADD CHECK (app.slow(id));" alice bob && drop && sleep 2
drop && ends 0
inside journalctl -u pgseal-agent@shop -n 8 -o cat --no-pager | grep -q "nothing to do" || fail "the second plan was not looked at"
plan "ALTER TABLE app.one ADD CONSTRAINT again CHECK (app.slow(id));" alice bob && drop && sleep 3
agent stop .service 2>/dev/null && ends 8 && agent start .service && ends 0

say "a plan that comes while nobody watches is met when the machine starts"
plan "CREATE TABLE app.third (id int);" alice bob && agent stop .path && drop
kill -TERM "$container" # shuts it down in order
wait "$container" || true
boot && ends 0 && relation third 1

cp -r "$root/var/lib/pgseal/receipts" receipts
inside runuser -u bringer -- cat /var/lib/pgseal/receipts/receipt-000001.json >/dev/null || fail "who brings plans cannot read receipts"
pgseal receipt verify receipts --trust trust.toml >"$desk/said" || fail "the receipts: $(cat "$desk/said")"
say "all as AGENT.md says; $(grep -c "^  [0-9]*: " "$desk/said") receipts are genuine and complete"
