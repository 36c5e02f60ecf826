#!/usr/bin/env bash
# Time and memory on a generated schema of 1,400 tables; what is measured is written in tests/src/bin/bench.rs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/build.sh -p pgseal-tests --bins
target=$(cargo metadata --locked --no-deps --format-version 1 | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')
exec "$target/release/bench"
