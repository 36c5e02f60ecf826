#!/usr/bin/env bash
# Both programs, release builds, in target/release; arguments are passed on to the build of the first. The agent is built for size, so it has a profile and a folder of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --locked --release -p pgseal "$@"
scripts/agent.sh
target=$(cargo metadata --locked --no-deps --format-version 1 | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')
install "$target/agent/pgseal-agent" "$target/release/pgseal-agent"
