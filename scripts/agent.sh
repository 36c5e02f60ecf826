#!/usr/bin/env bash
# The agent, built for size; arguments are passed on to cargo, and so are RUSTFLAGS. Without arguments it lies in target/agent.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# A panic ends the program, so nothing ever unwinds; tables for that would be a tenth of it.
flags="-C force-unwind-tables=no"
# where Rust links with lld: functions that came out the same are there once
case $(rustc -vV | sed -n 's/^host: //p') in x86_64-unknown-linux-gnu) flags+=" -C link-arg=-Wl,--icf=all" ;; esac
RUSTFLAGS="${RUSTFLAGS:-} $flags" exec cargo build --locked --profile agent -p pgseal-agent "$@"
