#!/usr/bin/env bash
# Makes sure that what the build and the tests need is installed; instant when nothing is missing.
#   scripts/setup.sh            what `make lint`, `make test` and `make demo` need
#   scripts/setup.sh bench      and pg_dump, which the benchmark compares with
#   scripts/setup.sh packaging  and what boots a small Debian
# On Debian and Ubuntu, as root (or with passwordless sudo), missing packages are installed with apt-get; anywhere else one line says what to
# install. Rust is never installed, only asked for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "setup.sh: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# bindgen looks for libclang the same way: an explicit path, the linker's cache, LLVM's folders. libclang-cpp is another
# library, which is there without it on many machines.
have_libclang() {
  [ -n "${LIBCLANG_PATH:-}" ] && return
  ldconfig -p 2>/dev/null | grep -qE 'libclang(-[0-9.]+)?\.so' && return
  local folder
  for folder in /usr/lib/llvm-*/lib /usr/lib/*-linux-*; do
    compgen -G "$folder/libclang.so*" >/dev/null && return
    compgen -G "$folder/libclang-[0-9]*.so*" >/dev/null && return
  done
  return 1
}

packages=()
have gcc || have cc || packages+=(gcc)
[ -e /usr/include/stdio.h ] || packages+=(libc6-dev)
have make || packages+=(make)
have_libclang || packages+=(libclang-dev)
have openssl || packages+=(openssl)
have node || packages+=(nodejs)
have npm || packages+=(npm)
have setpriv || packages+=(util-linux)
case ${1:-} in
  lint) ;;
  packaging)
    have psql || packages+=(postgresql-client)
    have debootstrap || packages+=(debootstrap)
    have systemd-nspawn || packages+=(systemd-container)
    ;;
  bench) have pg_dump || packages+=(postgresql-client) ;;
  *) have psql || packages+=(postgresql-client) ;; # the demo changes a database by hand
esac

if [ ${#packages[@]} -gt 0 ]; then
  if ! have apt-get; then
    fail "missing: ${packages[*]} (names of Debian's packages; install what your system calls them)"
  elif [ "$(id -u)" = 0 ]; then
    as_root=()
  elif have sudo && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    fail "missing packages, and no right to install them; run: sudo apt-get install ${packages[*]}"
  fi
  echo "setup.sh: installing ${packages[*]}"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  if ! { "${as_root[@]}" apt-get update -q && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    fail "apt-get could not install ${packages[*]}"
  fi
fi

have cargo || fail "cargo is missing: install Rust 1.88 or later from https://rustup.rs"
if [ "${1:-}" = lint ]; then
  for tool in rustfmt clippy; do
    component=$tool
    [ "$tool" = clippy ] && binary=cargo-clippy || binary=cargo-fmt
    if ! have "$binary" || ! "$binary" --version >/dev/null 2>&1; then
      have rustup || fail "\"$component\" is missing: install it with your Rust toolchain"
      rustup component add "$component" >/dev/null 2>&1 || fail "rustup could not add the component \"$component\""
    fi
  done
fi
