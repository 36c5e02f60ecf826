#!/usr/bin/env bash
# The agent, built for size; arguments are passed on to cargo, and so are RUSTFLAGS. Without arguments it lies in target/agent.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# A panic ends the program, so nothing ever unwinds; tables for that would be a tenth of it.
flags="-C force-unwind-tables=no"
last=()
# where Rust links with lld: functions that came out the same are there once, and tables that came with the standard library are not
case $(rustc -vV | sed -n 's/^host: //p') in
x86_64-unknown-linux-gnu)
  flags+=" -C link-arg=-Wl,--icf=all"
  last=(-C link-arg=-Wl,-T,agent/no-unwinding.ld -C link-arg=-Wl,--no-eh-frame-hdr)
  ;;
esac
RUSTFLAGS="${RUSTFLAGS:-} $flags" exec cargo rustc --locked --profile agent -p pgseal-agent --bin pgseal-agent "$@" -- "${last[@]}"
