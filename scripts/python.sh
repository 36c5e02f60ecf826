#!/usr/bin/env bash
# Makes .python, a virtual environment with an independent implementation of DSSE, which the seals are checked against
# (tests/tests/dsse.rs). Instant when it is there. Where there is no Python or no network the tests say so and go on without.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

wanted='securesystemslib[crypto]==1.6.0'

skip() { echo "python.sh: $*; the interoperation with securesystemslib will not be tested" >&2; exit 0; }
[ "$(cat .python/made-with 2>/dev/null)" = "$wanted" ] && exit 0
command -v python3 >/dev/null || skip "there is no python3"
rm -rf .python
python3 -m venv .python >/dev/null 2>&1 || { rm -rf .python; skip "python3 cannot make a virtual environment (Debian: python3-venv)"; }
.python/bin/pip --quiet --disable-pip-version-check install "$wanted" >&2 || { rm -rf .python; skip "pip could not install $wanted"; }
echo "$wanted" >.python/made-with
