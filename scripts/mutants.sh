#!/usr/bin/env bash
# Changes the verifier and the trust policy a line at a time and runs their tests, which must notice each change (cargo-mutants, which is
# fetched where it is missing). What is examined, and what cannot be noticed and why, is in .cargo/mutants.toml. About an hour; arguments
# go to cargo-mutants (`-f keys/src/tally.rs`).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$PWD/target/tools
export PATH=$PATH:$tools/bin
cargo mutants --version >/dev/null 2>&1 || cargo install --quiet --locked --root "$tools" cargo-mutants
mkdir -p target/mutants
exec cargo mutants -p pgseal-keys --output target/mutants "$@" -- --locked
