#!/usr/bin/env bash
# The rules of deny.toml, by cargo-deny where it is installed. Where it is not, one line says so: `make test` holds the same rules
# (tests/tests/supply_chain.rs).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if cargo deny --version >/dev/null 2>&1; then
  cargo deny --offline --log-level error check licenses bans sources
else
  echo "deny.sh: cargo-deny is not installed (cargo install --locked cargo-deny); make test checks licences, bans and sources without it"
fi
