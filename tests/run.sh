#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what the tests need, builds, runs suites and closes with `N passed, N failed, N skipped`.
set -u

usage() {
  cat <<'USAGE'
Usage: sh tests/run.sh [--no-install] [SUITE...]

  default    what runs without an argument: lint unit http store upstream fuzz integration clients
             browser, and unit and fuzz once more with the sanitizers
  lint, unit, http, store, upstream, fuzz, integration, clients, browser
             one of them
  sanitize   unit, fuzz, http, store and integration with address and undefined sanitizers
  valgrind   unit under valgrind
  tsan       unit and integration with ThreadSanitizer, GLib too (built from Debian's source)
  kill, soak, faults
             the long tests
  all        everything

Status 1 if a test failed or none ran. The build directories are build-tests/, build-asan/ and build-tsan/.
USAGE
}

plain_suites="lint unit http store upstream fuzz integration clients browser"
install=1
plain=
sanitized=
with_valgrind=
with_tsan=

# The order of the arguments does not matter, and twice is once.
add_plain() {
  for suite in "$@"; do
    case " $plain " in *" $suite "*) ;; *) plain="$plain $suite" ;; esac
  done
}
add_sanitized() {
  for suite in "$@"; do
    case " $sanitized " in *" $suite "*) ;; *) sanitized="$sanitized $suite" ;; esac
  done
}

# Word lists on purpose, here and below:
# shellcheck disable=SC2086
choose() {
  case $1 in
    default)
      add_plain $plain_suites
      add_sanitized unit fuzz
      ;;
    lint | unit | http | store | upstream | fuzz | integration | clients | browser) add_plain "$1" ;;
    kill | soak | faults) add_plain "$1" ;;
    sanitize) add_sanitized unit fuzz http store integration ;;
    valgrind) with_valgrind=1 ;;
    tsan) with_tsan=1 ;;
    all)
      add_plain $plain_suites kill soak faults
      add_sanitized unit fuzz http store integration
      with_valgrind=1
      with_tsan=1
      ;;
    --no-install) install= ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      usage >&2
      printf 'run.sh: no suite named %s\n' "$1" >&2
      exit 2
      ;;
  esac
}

for argument in "$@"; do choose "$argument"; done
[ -n "$plain$sanitized$with_valgrind$with_tsan" ] || choose default

top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd -- "$top" || exit 1
results=$(mktemp -d) || exit 1
trap 'rm -rf -- "$results"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step() { printf '\n== %s\n' "$*"; }

# Installing

packages() {
  echo gcc libc6-dev meson ninja-build pkg-config libglib2.0-dev libsoup-3.0-dev libjson-glib-dev libyaml-dev \
    libsqlite3-dev glib-networking ca-certificates openssl strace python3 dbus-daemon dbus-bin libglib2.0-bin systemd
  case " $plain " in *" clients "*) echo npm ;; esac
  case " $plain " in *" browser "*) echo chromium ;; esac
  [ -z "$with_valgrind" ] || echo valgrind libc6-dbg
  [ -z "$with_tsan" ] || echo dpkg-dev patch xz-utils libpcre2-dev libffi-dev zlib1g-dev
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  command -v dpkg-query >/dev/null 2>&1 || return 0
  missing=
  for package in $(packages); do
    case $package in
      # another npm or meson than Debian's does as well
      npm | meson) command -v "$package" >/dev/null 2>&1 && continue ;;
    esac
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
      missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  step "installing$missing"
  # shellcheck disable=SC2086
  {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing
  } </dev/null >"$results/apt.log" 2>&1 || {
    tail -n 40 "$results/apt.log"
    echo "cannot install:$missing"
    return 1
  }
}

install_clients() {
  case " $plain " in *" clients "*) ;; *) return 0 ;; esac
  cmp -s tests/clients/package-lock.json tests/clients/node_modules/.installed-lock && return 0
  step "installing the clients"
  if (cd tests/clients && npm ci --no-audit --no-fund --ignore-scripts </dev/null >"$results/npm.log" 2>&1); then
    cp tests/clients/package-lock.json tests/clients/node_modules/.installed-lock
  else
    tail -n 40 "$results/npm.log"
    echo "cannot install the clients"
    return 1
  fi
}

# Building and running

# Steps that fail outside a test count as one failed test each.
broken() {
  echo "FAILED: $1"
  echo "$1" >>"$results/broken"
}

configure() {
  directory=$1
  shift
  [ -f "$directory/build.ninja" ] && return 0
  step "configuring $directory"
  meson setup "$directory" --werror -Dtests=true "$@" </dev/null >"$results/setup.log" 2>&1 || {
    tail -n 40 "$results/setup.log"
    return 1
  }
}

compile() {
  step "building $1"
  ninja -C "$1" </dev/null >"$results/build.log" 2>&1 || {
    grep -v '^\[[0-9]*/[0-9]*\] ' "$results/build.log" | tail -n 80
    return 1
  }
}

# run NAME DIRECTORY SUITE... [-- ARGUMENT...]
run() {
  name=$1
  directory=$2
  shift 2
  arguments=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    arguments="$arguments --suite $1"
    shift
  done
  [ $# -eq 0 ] || shift
  step "testing:$arguments ($directory)"
  rm -f "$directory/meson-logs/run-$name"*
  # what it says is in its log, whose name may end in the setup's
  # shellcheck disable=SC2086
  meson test -C "$directory" --no-rebuild --print-errorlogs --logbase "run-$name" $arguments "$@" </dev/null
  for log in "$directory/meson-logs/run-$name"*.json; do
    [ ! -f "$log" ] || cp "$log" "$results/$name.json"
  done
}

if [ -n "$install" ]; then
  install_packages || broken 'installing packages'
  install_clients || broken 'installing clients'
fi

if [ -n "$plain$with_valgrind" ]; then
  if configure build-tests && compile build-tests; then
    # shellcheck disable=SC2086
    [ -z "$plain" ] || run plain build-tests $plain
    [ -z "$with_valgrind" ] || run valgrind build-tests unit -- --setup valgrind
  else
    broken 'the build'
  fi
fi

if [ -n "$sanitized" ]; then
  asan="${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}"
  export UBSAN_OPTIONS="${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}"
  export G_SLICE=always-malloc TEST_TIME_FACTOR="${TEST_TIME_FACTOR:-3}"
  if configure build-asan -Db_sanitize=address,undefined -Db_lundef=false && compile build-asan; then
    # GLib 2.74 leaks in g_set_user_dirs() in every test with directories of its own: leaks of units are for valgrind
    for suite in $sanitized; do
      case $suite in unit | fuzz) leaks=0 ;; *) leaks=1 ;; esac
      ASAN_OPTIONS="$asan:detect_leaks=$leaks" run "sanitized-$suite" build-asan "$suite" -- --timeout-multiplier 3
    done
  else
    broken 'the build with sanitizers'
  fi
fi

# Threads: our own code and GLib, each built with the sanitizer. What a killed daemon said counts too.
test_threads() {
  step 'building GLib with ThreadSanitizer'
  libraries=$(sh tests/tsan/build-glib.sh build-tsan-glib </dev/null 2>"$results/glib-error.log" |
    tee "$results/glib.log" | tail -n 1)
  [ -d "${libraries%%:*}" ] || {
    tail -n 40 "$results/glib-error.log" "$results/glib.log"
    return 1
  }
  configure build-tsan -Db_sanitize=thread -Db_lundef=false && compile build-tsan || return 1
  reports=$top/build-tsan/reports
  rm -rf "$reports"
  mkdir "$reports"
  export G_SLICE=always-malloc TEST_TIME_FACTOR="${TEST_TIME_FACTOR:-5}" LD_LIBRARY_PATH="$libraries"
  # TLS and proxies are modules of the installed GLib
  GIO_MODULE_DIR=$(pkg-config --variable=giomoduledir gio-2.0)
  export GIO_MODULE_DIR
  supp="suppressions=$top/tests/tsan/glib.supp"
  TSAN_OPTIONS="$supp" run tsan-control build-tsan tsan-control
  export TSAN_OPTIONS="$supp:log_path=$reports/tsan"
  for suite in unit integration; do run "tsan-$suite" build-tsan "$suite" -- --timeout-multiplier 5; done
  unset LD_LIBRARY_PATH GIO_MODULE_DIR TSAN_OPTIONS
  for report in "$reports"/*; do
    [ ! -f "$report" ] || {
      cat "$report"
      broken "races, see $report"
    }
  done
}

[ -z "$with_tsan" ] || test_threads || broken 'the build with ThreadSanitizer'

/usr/bin/python3 tests/sum-results.py "$results"
