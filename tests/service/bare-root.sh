#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The installed service, for a machine that has nothing yet (as root in a bare Debian root, which it fills): installs
# below a home directory of its own, looks at the units, starts it by socket, and under a real user manager in a
# network and mount namespace of its own. Prints TAP; status 1 if something failed. See tests/README.md.
set -u

top=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd) || exit 1
cd -- "$top" || exit 1

number=0
failed=0
result() {
  number=$((number + 1))
  if [ "$1" -eq 0 ]; then
    printf 'ok %d - %s\n' "$number" "$2"
  else
    failed=$((failed + 1))
    printf 'not ok %d - %s\n' "$number" "$2"
  fi
}
# check NAME COMMAND...
check() {
  name=$1
  shift
  "$@" >"$work/output" 2>&1
  status=$?
  [ "$status" -eq 0 ] || sed 's/^/# /' "$work/output"
  result "$status" "$name"
}
# silent NAME COMMAND...: succeeds without a word
silent() {
  name=$1
  shift
  status=0
  "$@" >"$work/output" 2>&1 || status=1
  [ ! -s "$work/output" ] || status=1
  sed 's/^/# /' "$work/output"
  result "$status" "$name"
}
# eventually SECONDS COMMAND...
eventually() {
  ends=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$ends" ] || return 1
    sleep 0.1
  done
}

work=$(mktemp -d) || exit 1
trap 'rm -rf -- "$work"' EXIT

# The second half runs in namespaces: this file again.
if [ "${1:-}" = --user-manager ]; then
  number=$2
  HOME=$3
  export HOME
  ip link set lo up
  # what is mounted here must not be seen outside; the root itself is no mount in a chroot
  for mounted in / /run /sys; do mount --make-rprivate "$mounted" 2>/dev/null; done
  mount -t tmpfs tmpfs /run
  [ -e /sys/fs/cgroup/cgroup.procs ] || [ -d /sys/fs/cgroup/systemd ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir -p /run/systemd/system /run/user/0
  chmod 700 /run/user/0
  XDG_RUNTIME_DIR=/run/user/0
  export XDG_RUNTIME_DIR
  env -i HOME="$HOME" XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" PATH="$PATH" SYSTEMD_LOG_TARGET=console \
    /lib/systemd/systemd --user >"$work/manager.log" 2>&1 &
  manager=$!
  u='systemctl --user --no-pager'
  up() { $u show-environment >/dev/null 2>&1; }
  eventually 10 up || {
    echo "ok $((number + 1)) - the user manager # SKIP it does not run here"
    kill "$manager"
    exit 0
  }
  models() { curl --silent --max-time 20 --globoff "$@" | grep -q '"object":"list"'; }
  is() { [ "$($u is-active "$1")" = "$2" ]; }
  main_pid() { $u show -p MainPID --value sluice.service; }
  has() { grep -q "$2" "/proc/$(main_pid)/$1"; }
  chat() {
    curl --silent --max-time 20 http://127.0.0.1:4000/v1/chat/completions -H 'Content-Type: application/json' \
      -d '{"model": "mock/echo", "messages": [{"role": "user", "content": "words to say"}]}' | grep -q 'words to say'
  }
  drop_in() {
    mkdir -p "$HOME/.config/systemd/user/sluice.service.d"
    cat >"$HOME/.config/systemd/user/sluice.service.d/$1"
    $u daemon-reload
  }

  check 'enable --now' $u enable --now sluice.socket sluice-v6.socket
  $u list-sockets 'sluice*' | sed 's/^/# /'
  check 'nothing runs yet' is sluice.service inactive
  check 'the first request starts it' models http://127.0.0.1:4000/v1/models
  check 'it is active' is sluice.service active
  if [ -e /proc/net/if_inet6 ]; then check 'IPv6' models 'http://[::1]:4000/v1/models'; fi
  check 'the Unix socket' models --unix-socket /run/user/0/sluice/http.sock http://localhost/v1/models
  check 'an answer and its row under the filters' chat
  check 'system calls are filtered' has status 'Seccomp:.*2'
  check 'no new privileges' has status 'NoNewPrivs:.*1'
  check 'descriptors' has limits 'Max open files *16384 '
  check 'no core files' has limits 'Max core file size *0 *0 '
  $u status sluice.service | sed 's/^/# /'
  check 'restart' $u restart sluice.service
  check 'serves after the restart' models http://127.0.0.1:4000/v1/models

  printf '[Service]\nWatchdogSec=2\nExecStart=\nExecStart="%s/.local/bin/sluiced" --exit-on-idle 0.05\n' "$HOME" |
    drop_in short.conf
  check 'restart with a short watchdog' $u restart sluice.service
  hung=$(main_pid)
  kill -STOP "$hung"
  restarted() { new=$(main_pid) && [ "$new" != 0 ] && [ "$new" != "$hung" ]; }
  check 'the watchdog restarts what hangs' eventually 15 restarted
  check 'it leaves when idle' eventually 15 is sluice.service inactive
  check 'the sockets stay' is sluice.socket active
  cycles=0
  while [ "$cycles" -lt 5 ]; do
    models http://127.0.0.1:4000/v1/models && eventually 15 is sluice.service inactive || break
    cycles=$((cycles + 1))
  done
  check 'woken and idle again, five times' test "$cycles" -eq 5

  printf '[Service]\nExecStart=\nExecStart="%s/.local/bin/sluiced" --port none\nRestartPreventExitStatus=1\n' "$HOME" |
    drop_in short.conf
  $u start sluice.service >/dev/null 2>&1
  check 'a status in RestartPreventExitStatus is final' test "$($u show -p NRestarts --value sluice.service)" -eq 0
  rm -r "$HOME/.config/systemd/user/sluice.service.d"
  $u daemon-reload
  $u reset-failed
  drop_in hardening.conf <"$HOME/.local/share/doc/sluice/hardening.conf"
  if $u start sluice.socket && models http://127.0.0.1:4000/v1/models; then
    check 'with hardening.conf: an answer' chat
  else
    number=$((number + 1))
    echo "ok $number - hardening.conf # SKIP no namespaces for users here: $($u show -p ExecMainStatus sluice.service)"
  fi
  rm -r "$HOME/.config/systemd/user/sluice.service.d"
  $u daemon-reload

  check 'quickstart.sh --uninstall' sh quickstart.sh --uninstall
  sed 's/^/# /' "$work/output"
  check 'nothing of it listens' sh -c '! curl --silent --max-time 5 http://127.0.0.1:4000/'
  find "$HOME/.local" "$HOME/.config" ! -type d | sed 's/^/# left: /'
  check 'nothing is left but what was recorded' \
    sh -c '[ -z "$(find "$HOME/.local" "$HOME/.config" ! -type d ! -path "*/share/sluice/*")" ]'
  kill "$manager"
  wait "$manager"
  echo "1..$number"
  [ "$failed" -eq 0 ]
  exit
fi

packages='systemd dbus dbus-user-session procps iproute2 util-linux curl python3'
for package in $packages; do
  dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing=1
done
if [ -n "${missing:-}" ]; then
  # shellcheck disable=SC2086
  env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get -q update && apt-get -q -y --no-install-recommends install "$@"' \
    sh $packages </dev/null >"$work/apt.log" 2>&1 || {
    tail -n 20 "$work/apt.log"
    echo 'Bail out! cannot install the packages'
    exit 1
  }
fi

HOME=$(mktemp -d -p /var "a home.XXXXXX") || exit 1
export HOME
unset XDG_RUNTIME_DIR XDG_DATA_HOME XDG_CONFIG_HOME
trap 'rm -rf -- "$work" "$HOME"' EXIT

everything() { (cd "$HOME" && find . | LC_ALL=C sort); }
mkdir -p "$HOME/.local/share"
everything >"$work/bare"
check 'quickstart.sh --install' sh quickstart.sh --install
sed 's/^/# /' "$work/output"
cp "$work/output" "$work/words"
check 'prints the line' grep -q '^  systemctl --user enable --now sluice.socket sluice-v6.socket$' "$work/words"
find "$HOME" -type f | sort >"$work/first"
list=$HOME/.local/share/doc/sluice/installed-files
grep -v '/$' "$list" >"$work/listed"
check 'once more' sh quickstart.sh --install
find "$HOME" -type f | sort >"$work/second"
check 'the same files' cmp "$work/first" "$work/second"
check 'every file is on the list' sh -c 'sed "s|.*/\.local/||" "$1" | cmp - "$2"' sh "$work/first" "$work/listed"
check 'nothing outside .local' sh -c '! grep -v "/\.local/" "$1"' sh "$work/first"

check 'uninstall' sh quickstart.sh --uninstall
everything >"$work/after"
check 'all of it is gone, directories too' diff "$work/bare" "$work/after"
check 'install again' sh quickstart.sh --install
rm "$list"
check 'uninstall without the list, as of an older version' sh quickstart.sh --uninstall
check 'no file of it is left' sh -c '[ -z "$(find "$HOME/.local" ! -type d)" ]'
check 'and install again' sh quickstart.sh --install

units=$HOME/.local/share/systemd/user
XDG_RUNTIME_DIR=$work
export XDG_RUNTIME_DIR
for unit in sluice.service sluice.socket sluice-v6.socket; do
  silent "verify $unit" systemd-analyze --user verify --man=no "$units/$unit"
done
check 'security' systemd-analyze --user security --offline=true --no-pager "$units/sluice.service"
tail -n 1 "$work/output" | sed 's/^/# /'
mkdir -p "$work/hardened/sluice.service.d"
cp "$units"/sluice* "$work/hardened/"
cp "$HOME/.local/share/doc/sluice/hardening.conf" "$work/hardened/sluice.service.d/"
silent 'verify with hardening.conf' systemd-analyze --user verify --man=no "$work/hardened/sluice.service"
check 'security with hardening.conf' \
  systemd-analyze --user security --offline=true --no-pager "$work/hardened/sluice.service"
tail -n 1 "$work/output" | sed 's/^/# /'

if meson setup build-service --werror -Dtests=true >"$work/output" 2>&1 &&
  ninja -C build-service tests/upstream/fake-provider >"$work/output" 2>&1; then
  check 'test-service.py on the installed program' env SLUICED="$HOME/.local/bin/sluiced" \
    FAKE_PROVIDER="$top/build-service/tests/upstream/fake-provider" /usr/bin/python3 tests/integration/test-service.py
  sed 's/^/# /' "$work/output"
else
  tail -n 20 "$work/output"
  result 1 'building the fake provider'
fi

unshare --mount --net --propagation unchanged sh "$0" --user-manager "$number" "$HOME" && [ "$failed" -eq 0 ]
