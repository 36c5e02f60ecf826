#!/usr/bin/env bash
# Fuzzes every reader of untrusted bytes, each for SECONDS (default 300), or the targets that are named:
#   scripts/fuzz.sh [SECONDS [TARGET …]]
# Guided by coverage (libFuzzer) where there is a C++ compiler: Rust's stable compiler has what that needs. Else with the project's own
# mutator. What was learnt stays in target/fuzz/corpus; an input that breaks a promise ends in target/fuzz/broken.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-300}
shift || true
home=$PWD/target/fuzz
mkdir -p "$home/broken"
host=$(rustc -vV | sed -n 's/^host: //p')

if [ -n "${PGSEAL_FUZZ_PLAIN:-}" ] || ! command -v c++ >/dev/null; then
  echo "fuzz.sh: no C++ compiler, or not wanted: fuzzing without coverage"
  cargo build --locked --release -p pgseal-fuzz --bin fuzz --target-dir "$home/plain"
  cd "$home/broken"
  exec "$home/plain/release/fuzz" --seconds "$seconds" "$@"
fi

# what cargo-fuzz passes too, on the stable toolchain: counters at every edge, comparisons traced
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"
# overflows are looked for too, and panics are
CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS=true CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=true \
  CARGO_PROFILE_RELEASE_STRIP=false RUSTFLAGS="${RUSTFLAGS:-} $flags" \
  cargo build --locked --release --target "$host" -p pgseal-fuzz --features libfuzzer --bin fuzz-guided --target-dir "$home"
program=$home/$host/release/fuzz-guided
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(sed -n 's/.*Target { name: "\([a-z-]*\)".*/\1/p' tests/fuzz/src/lib.rs)
broken=0
for target in "${targets[@]}"; do
  corpus=$home/corpus/$target
  mkdir -p "$corpus"
  export PGSEAL_FUZZ_TARGET=$target
  # it ends by itself once they are written, which libFuzzer takes for a crash
  PGSEAL_FUZZ_SEEDS=$corpus "$program" -artifact_prefix="$home/no-" >/dev/null 2>&1 </dev/null || true
  "$program" "$corpus" -max_total_time="$seconds" -max_len=262144 -timeout=20 -rss_limit_mb=512 -malloc_limit_mb=256 -print_final_stats=1 \
    -artifact_prefix="$home/broken/$target-" >"$home/$target.log" 2>&1 </dev/null || { broken=1; tail -n 40 "$home/$target.log"; }
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$home/$target.log")
  edges=$(grep -o 'cov: [0-9]*' "$home/$target.log" | tail -n 1)
  printf '%-12s %10s executions, %s edges, %s inputs kept\n' "$target" "${executions:-?}" "${edges#cov: }" "$(find "$corpus" -type f | wc -l)"
done
exit $broken
