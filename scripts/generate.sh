#!/usr/bin/env bash
# The compiler's tables of built-in objects, from the servers of majors 14 to 18 that the tests use.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --locked --quiet -p pgseal-tests --bin generate_builtins -- compiler/src/env/generated
