#!/usr/bin/env bash
# Makes dist/: an archive with both programs (the agent as one static file), man pages, completions, bills of materials and what is needed
# to install the agent; and the SHA-256 of everything. The same sources and the same Rust give the same bytes, wherever they lie.
#   scripts/dist.sh          makes it
#   scripts/dist.sh twice    and once more in another folder, and compares
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
name=pgseal-$version-$host
cargo_home=$(cd "${CARGO_HOME:-$HOME/.cargo}" && pwd -P)
here=$(pwd -P)
target=$here/target/dist

# no path of this machine in what is built: neither by Rust nor by C
remap="--remap-path-prefix=$here=/pgseal --remap-path-prefix=$cargo_home=/cargo"
c_flags="${CFLAGS:-} -ffile-prefix-map=$here=/pgseal -ffile-prefix-map=$cargo_home=/cargo"
export SOURCE_DATE_EPOCH=0 LC_ALL=C
static=""
case $host in *-linux-*) static="-C target-feature=+crt-static" ;; esac
CFLAGS=$c_flags CXXFLAGS=$c_flags RUSTFLAGS="$remap $static" scripts/agent.sh --target "$host" --target-dir "$target"
CFLAGS=$c_flags CXXFLAGS=$c_flags RUSTFLAGS="$remap" cargo build --locked --release -p pgseal --target "$host" --target-dir "$target"

rm -rf dist
mkdir -p "dist/$name"
install -m 755 "$target/$host/agent/pgseal-agent" "$target/$host/release/pgseal" "dist/$name/"
cargo run --quiet --locked -p pgseal-tests --bin dist -- "dist/$name"
cp -R agent/packaging "dist/$name/packaging"
for file in LICENSE README.md AGENT.md SECURITY.md; do
  [ ! -e "$file" ] || install -m 644 "$file" "dist/$name/"
done
find "dist/$name" -type d -exec chmod 755 {} +
find "dist/$name" -type f ! -perm -100 -exec chmod 644 {} +
tar --sort=name --format=gnu --mtime=@0 --owner=0 --group=0 --numeric-owner -C dist -cf - "$name" | gzip -9n >"dist/$name.tar.gz"
(cd dist && find . -type f ! -name SHA256SUMS -printf '%P\n' | sort | xargs -d '\n' sha256sum >SHA256SUMS)

limit=$(sed -n 's/^const STATIC_AGENT_BYTES: u64 = \([0-9_]*\);/\1/p' tests/tests/supply_chain.rs | tr -d _)
size=$(stat -c %s "dist/$name/pgseal-agent")
echo "dist.sh: dist/$name.tar.gz, $(stat -c %s "dist/$name.tar.gz") bytes; pgseal-agent $size bytes, pgseal $(stat -c %s "dist/$name/pgseal") bytes"
[ "$size" -le "$limit" ] || { echo "dist.sh: the agent is larger than it may be ($limit bytes)" >&2; exit 1; }

if [ "${1:-}" = twice ]; then
  other=$(mktemp -d "${TMPDIR:-/tmp}/pgseal-elsewhere.XXXXXX")
  trap 'rm -rf "$other"' EXIT
  git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf - | tar -C "$other" -xf -
  (cd "$other" && scripts/dist.sh >/dev/null)
  if cmp dist/SHA256SUMS "$other/dist/SHA256SUMS"; then
    echo "dist.sh: built in two folders, all $(wc -l <dist/SHA256SUMS) files are the same"
  else
    diff dist/SHA256SUMS "$other/dist/SHA256SUMS" >&2 || true
    exit 1
  fi
fi
