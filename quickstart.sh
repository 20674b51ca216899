#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the gateway, starts it, asks it one question and leaves it running. See usage() below.
set -eu

usage() {
  cat <<'USAGE'
Usage: sh quickstart.sh [--port N] [--once]
       sh quickstart.sh --install | --uninstall

Installs what is missing (Debian, Ubuntu), builds into build/, starts the gateway on
http://127.0.0.1:4000, asks one chat question and prints the answer. Then the gateway
runs until Ctrl+C.

  --port N   another port; 0 takes a free one
  --once     stop after the answer
  --install  build and put program, units and D-Bus service under ~/.local, and print the
             command that switches them on; nothing is started
  --uninstall
             remove exactly that; configuration and data stay
  --help     this text

A model of an Ollama on this computer is used if there is one, else the built-in
mock/echo. With a config.yaml in $XDG_CONFIG_HOME/sluice its models are used; if it sets
a master key, put that into the variable LITELLM_MASTER_KEY.
USAGE
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'quickstart: %s\n' "$*" >&2
  exit 1
}

port=4000
once=
action=
while [ $# -gt 0 ]; do
  case $1 in
    --port)
      [ $# -ge 2 ] || fail "--port needs a number"
      port=$2
      shift
      ;;
    --port=*) port=${1#--port=} ;;
    --once) once=1 ;;
    --install | --uninstall)
      [ -z "$action" ] || [ "$action" = "${1#--}" ] || fail "--install and --uninstall exclude each other"
      action=${1#--}
      ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      usage >&2
      fail "unknown argument: $1"
      ;;
  esac
  shift
done
case $port in
  '' | *[!0-9]* | ??????*) fail "--port needs a number from 0 to 65535, not '$port'" ;;
esac
[ "$port" -le 65535 ] || fail "--port needs a number from 0 to 65535, not '$port'"

top=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd -- "$top"

tmp=$(mktemp -d) || fail "cannot make a temporary directory; set TMPDIR to one that can be written to"
daemon=
follower=
# The exit status stays as it was.
clean_up() {
  trap - EXIT HUP INT TERM
  if [ -n "$daemon" ]; then
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
  fi
  [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
  rm -rf -- "$tmp"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command quietly; shows the end of what it printed if it fails.
quietly() {
  "$@" >"$tmp/output" 2>&1 </dev/null && return
  tail -n 40 "$tmp/output" >&2
  return 1
}

# What is needed

debian_packages="gcc libc6-dev meson ninja-build pkg-config libglib2.0-dev libsoup-3.0-dev libjson-glib-dev \
libyaml-dev libsqlite3-dev glib-networking ca-certificates curl"
fedora_packages="gcc meson ninja-build pkgconf-pkg-config glib2-devel libsoup3-devel json-glib-devel libyaml-devel \
sqlite-devel glib-networking ca-certificates curl"
arch_packages="gcc meson ninja pkgconf glib2 glib2-devel libsoup3 json-glib libyaml sqlite glib-networking \
ca-certificates curl"

everything_is_there() {
  for tool in cc meson ninja pkg-config curl; do
    command -v "$tool" >/dev/null 2>&1 || return 1
  done
  pkg-config --exists 'glib-2.0 >= 2.74' gio-unix-2.0 'libsoup-3.0 >= 3.2' 'json-glib-1.0 >= 1.6' \
    'yaml-0.1 >= 0.2.5' 'sqlite3 >= 3.40' 2>/dev/null || return 1
  modules=$(pkg-config --variable=giomoduledir gio-2.0)
  [ -e "$modules/libgiognutls.so" ] || [ -e "$modules/libgioopenssl.so" ] || return 1
  [ -d /etc/ssl/certs ] || [ -d /etc/pki/tls/certs ]
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    fail "not root, and there is no sudo; as root, run: apt-get install --no-install-recommends $debian_packages"
  fi
}

# A word list on purpose:
# shellcheck disable=SC2086
install_debian() {
  say "Installing with apt: $debian_packages"
  # sudo asks here, where its question can be seen
  as_root true || fail "sudo said no; as root, run: apt-get install --no-install-recommends $debian_packages"
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update ||
    fail "apt-get update failed; see above"
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install \
    $debian_packages || fail "apt-get install failed; see above"
  everything_is_there || fail "something is still missing or too old; Debian 12, Ubuntu 24.04 or newer is needed"
}

install_what_is_missing() {
  if everything_is_there; then
    say "Everything needed is installed."
    return
  fi
  if command -v apt-get >/dev/null 2>&1; then
    install_debian
    return
  fi
  say "Please install these packages and start this again:"
  if command -v dnf >/dev/null 2>&1; then
    say "  dnf install $fedora_packages"
  elif command -v pacman >/dev/null 2>&1; then
    say "  pacman -S --needed $arch_packages"
  else
    say "  Fedora: dnf install $fedora_packages"
    say "  Arch:   pacman -S --needed $arch_packages"
  fi
  exit 1
}

# Building

build() {
  say "Building into build/ (a minute or two the first time) ..."
  if [ ! -f build/build.ninja ]; then
    quietly meson setup build -Dtests=false || fail "meson setup failed; see above"
  fi
  quietly ninja -C build daemon/sluiced || {
    # a tree that was moved keeps its old paths
    fail "the build failed; see above (if build/ is of another version or place, remove it and try again)"
  }
}

# As a service

units='sluice.socket sluice-v6.socket'

# What was installed, below ~/.local: one name a line, with a slash at the end for a directory that was made.
list=share/doc/sluice/installed-files

# What versions installed that kept no list.
listless_files='bin/sluiced
share/systemd/user/sluice.service
share/systemd/user/sluice.socket
share/systemd/user/sluice-v6.socket
share/dbus-1/interfaces/io.github.sluice.Gateway1.xml
share/dbus-1/services/io.github.sluice.Gateway1.service
share/doc/sluice/hardening.conf
share/doc/sluice/'

choose_prefix() {
  case ${HOME:-} in
    /*) ;;
    *) fail "HOME must name your home directory" ;;
  esac
  # units and D-Bus files have their own meaning for these
  case $HOME in
    *[\"\\%\$\`]* | *"
"*) fail "the name of your home directory has a character that units cannot carry: $HOME" ;;
  esac
  prefix=$HOME/.local
}

has_manager() {
  command -v systemctl >/dev/null 2>&1 && systemctl --user show-environment >/dev/null 2>&1
}

# Whether somebody else than our socket unit listens on port 4000 of loopback or of all addresses. FA0 is 4000.
port_is_taken() {
  ! has_manager || ! systemctl --user --quiet is-active sluice.socket || return 1
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk '$4 == "0A" && $2 ~ /^(0100007F|00000000|0+|00000000000000000000000001000000):0FA0$/ { found = 1 }
         END { exit !found }'
}

# Adds to the list what meson says that it has just made: what an earlier version made stays on it.
write_list() {
  {
    [ ! -f "$prefix/$list" ] || cat -- "$prefix/$list"
    while IFS= read -r path; do
      case $path in
        "$prefix") path=$prefix/ ;;
        "$prefix"/*) [ ! -d "$path" ] || [ -L "$path" ] || path=$path/ ;;
        *) continue ;;
      esac
      printf '%s\n' "${path#"$prefix"/}"
    done <build-install/meson-logs/install-log.txt
    say "$list"
  } | sed 's|^$|/|' | LC_ALL=C sort -u >"$tmp/list"
  cp -- "$tmp/list" "$prefix/$list" || fail "cannot write $prefix/$list"
}

# The files of the list, then its directories that are empty, the inner ones first.
remove_listed() {
  while IFS= read -r name; do
    case /$name/ in
      */../* | *//) continue ;;
    esac
    [ -e "$prefix/$name" ] || [ -L "$prefix/$name" ] || continue
    rm -f -- "$prefix/$name" || fail "cannot remove $prefix/$name"
    say "removed $prefix/$name"
    removed=1
  done <"$tmp/list"
  LC_ALL=C sort -r "$tmp/list" | while IFS= read -r name; do
    case /$name in
      */../*) ;;
      */) rmdir -- "$prefix/$name" 2>/dev/null || true ;;
    esac
  done
}

install_service() {
  choose_prefix
  install_what_is_missing
  say "Building into build-install/ (a minute or two the first time) ..."
  if [ ! -f build-install/build.ninja ]; then
    set -- setup build-install
  else
    set -- configure build-install
  fi
  quietly meson "$@" --prefix "$prefix" --bindir bin --datadir share -Dtests=false \
    -Dsystemd_user_unit_dir="$prefix/share/systemd/user" -Ddbus_service_dir="$prefix/share/dbus-1/services" ||
    fail "meson failed; see above (if build-install/ is of another version or place, remove it and try again)"
  quietly ninja -C build-install || fail "the build failed; see above"
  quietly meson install -C build-install --no-rebuild || fail "the files could not be installed; see above"
  write_list
  say "Installed below $prefix:"
  grep -v '/$' "$tmp/list" | sed 's/^/  /'
  say ""
  if port_is_taken; then
    say "WARNING: another program listens on port 4000 ('ss -ltnp' tells which). End it first, or choose another port"
    say "with 'systemctl --user edit sluice.socket' and these lines, and the same for sluice-v6.socket with [::1]:"
    say ""
    say "  [Socket]"
    say "  ListenStream="
    say "  ListenStream=127.0.0.1:4001"
    say "  ListenStream=%t/sluice/http.sock"
    say ""
  fi
  if [ -n "${XDG_DATA_HOME:-}" ] && [ "$XDG_DATA_HOME" != "$prefix/share" ]; then
    say "WARNING: XDG_DATA_HOME is $XDG_DATA_HOME. If your service manager has it too, it looks for units there:"
    say "then link $prefix/share/systemd/user/sluice* into $XDG_DATA_HOME/systemd/user."
    say ""
  fi
  say "Switch it on, now and at each login:"
  say ""
  say "  systemctl --user enable --now $units"
  say ""
  say "The gateway then starts with the first request to http://127.0.0.1:4000 and leaves when there is no work."
  say "Keys for cloud providers: NAME=value lines in ${XDG_CONFIG_HOME:-$HOME/.config}/sluice/environment (chmod 600)."
  say "Look at it:               systemctl --user status sluice.service; journalctl --user -u sluice.service"
  if has_manager && systemctl --user --quiet is-active sluice.socket; then
    say "It is on already; to use the new version:"
    say ""
    say "  systemctl --user daemon-reload && systemctl --user try-restart sluice.service"
  fi
}

uninstall_service() {
  choose_prefix
  if has_manager; then
    # shellcheck disable=SC2086
    systemctl --user disable --now $units sluice.service >/dev/null 2>&1 || true
  else
    say "There is no service manager of yours here to ask. If the gateway was switched on, do this first:"
    say ""
    say "  systemctl --user disable --now $units sluice.service"
    say ""
  fi
  removed=
  if [ -f "$prefix/$list" ]; then
    cp -- "$prefix/$list" "$tmp/list"
  else
    say "$listless_files" >"$tmp/list"
  fi
  remove_listed
  [ -n "$removed" ] || say "Nothing was installed below $prefix."
  ! has_manager || systemctl --user daemon-reload >/dev/null 2>&1 || true
  say "Kept, with what is yours in them:"
  say "  ${XDG_CONFIG_HOME:-$HOME/.config}/sluice (configuration)"
  say "  ${XDG_DATA_HOME:-$HOME/.local/share}/sluice (what was recorded, and stored keys)"
}

# Running

# The daemon keeps its rows under HOME; where that cannot be, they live as long as this run.
choose_directories() {
  data=${XDG_DATA_HOME:-${HOME:-/nonexistent}/.local/share}
  if (umask 077 && mkdir -p -- "$data/sluice" && [ -w "$data/sluice" ]) 2>/dev/null; then
    return
  fi
  say "Cannot write to $data/sluice: what is recorded in this run will not be kept."
  mkdir -m 700 "$tmp/data" "$tmp/run" "$tmp/cache"
  XDG_DATA_HOME=$tmp/data
  XDG_RUNTIME_DIR=$tmp/run
  XDG_CACHE_HOME=$tmp/cache
  export XDG_DATA_HOME XDG_RUNTIME_DIR XDG_CACHE_HOME
}

start() {
  build/daemon/sluiced --port "$port" </dev/null 2>"$tmp/log" &
  daemon=$!
  tries=0
  while :; do
    found=$(sed -n 's|.*listening on http://127\.0\.0\.1:\([0-9][0-9]*\).*|\1|p' "$tmp/log" | head -n 1)
    [ -z "$found" ] || break
    if ! kill -0 "$daemon" 2>/dev/null; then
      daemon=
      cat "$tmp/log" >&2
      fail "the gateway did not start; if port $port is taken, try: sh quickstart.sh --port $((port % 65535 + 1))"
    fi
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ]; then
      cat "$tmp/log" >&2
      fail "the gateway was not ready after 30 seconds; see above"
    fi
    sleep 0.1
  done
  address=http://127.0.0.1:$found
  say "The gateway listens on $address"
}

# ask PATH [BODY]: leaves body and headers in files, sets status and seconds.
ask() {
  path=$1
  set -- --silent --show-error --noproxy '*' --max-time 300 --dump-header "$tmp/headers" --output "$tmp/body" \
    --write-out '%{http_code} %{time_total}' ${2:+--header 'Content-Type: application/json' --data-binary "$2"}
  if [ -n "${LITELLM_MASTER_KEY:-}" ]; then
    # by file, because arguments can be seen by others
    (umask 077 && printf 'header = "Authorization: Bearer %s"\n' "$LITELLM_MASTER_KEY" >"$tmp/key")
    set -- --config "$tmp/key" "$@"
  fi
  : >"$tmp/body"
  result=$(curl "$@" "$address$path") || fail "the gateway did not answer at $address$path"
  status=${result%% *}
  seconds=${result#* }
}

header() {
  tr -d '\r' <"$tmp/headers" | sed -n "s/^$1: *//p" | tail -n 1
}

number() {
  tr -d '\n' <"$tmp/body" | sed -n "s/.*\"$1\"[[:space:]]*:[[:space:]]*\([0-9][0-9]*\).*/\1/p"
}

# The first text member of that name, unescaped. JSON's escapes are few; bytes are passed as they are.
text() {
  tr -d '\n' <"$tmp/body" | LC_ALL=C awk -v name="$1" '
    function hex(digits,  i, value) {
      for (i = 1; i <= length(digits); i++)
        value = value * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
      return value
    }
    function utf8(code) {
      if (code < 128) return sprintf("%c", code)
      if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
      if (code < 65536)
        return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
      return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64,
                     128 + int(code / 64) % 64, 128 + code % 64)
    }
    {
      if (!match($0, "\"" name "\"[ \t]*:[ \t]*\"")) exit
      rest = substr($0, RSTART + RLENGTH)
      out = ""
      while (rest != "") {
        if (match(rest, /^[^"\\]+/)) {
          out = out substr(rest, 1, RLENGTH)
          rest = substr(rest, RLENGTH + 1)
          continue
        }
        if (substr(rest, 1, 1) == "\"") break
        c = substr(rest, 2, 1)
        rest = substr(rest, 3)
        if (c == "n") out = out "\n"
        else if (c == "t") out = out "\t"
        else if (c == "u") {
          code = hex(substr(rest, 1, 4))
          rest = substr(rest, 5)
          if (code >= 55296 && code < 56320 && substr(rest, 1, 2) == "\\u") {
            code = 65536 + (code - 55296) * 1024 + hex(substr(rest, 3, 4)) - 56320
            rest = substr(rest, 7)
          }
          if (code >= 32) out = out utf8(code)
        }
        else if (c !~ /[brf]/) out = out c
      }
      print out
    }'
}

# The ids as they stand in the JSON, so that they can go back into JSON.
list_models() {
  ask /v1/models
  case $status in
    200) ;;
    401) fail "the gateway asks for a key: set LITELLM_MASTER_KEY to the master_key of config.yaml" ;;
    *) fail "the list of models came with status $status: $(text message)" ;;
  esac
  tr -d '\n' <"$tmp/body" | sed 's/"id"/\
&/g' | sed -n 's/^"id"[[:space:]]*:[[:space:]]*"\([^"]*\)".*/\1/p' >"$tmp/models"
}

can_chat() {
  case $1 in
    *'*'* | *embed* | *bge-* | *minilm* | *rerank* | *whisper* | *tts* | *dall-e* | *moderation*) return 1 ;;
    mock/echo) return 0 ;;
    mock/*) return 1 ;;
  esac
}

question='In one sentence: what does a sluice do?'

ask_question() {
  list_models
  answered=
  while read -r model; do
    can_chat "$model" || continue
    say "Asking $model: $question"
    ask /v1/chat/completions "{\"model\":\"$model\",\"max_tokens\":200,\"messages\":[{\"role\":\"user\",\"content\":\
\"$question\"}]}"
    if [ "$status" = 200 ]; then
      answered=$model
      break
    fi
    say "  status $status: $(text message)"
  done <"$tmp/models"
  [ -n "$answered" ] || fail "no model answered; see the messages above"
}

print_answer() {
  cost=$(header x-litellm-response-cost)
  if [ -n "$cost" ]; then cost="$cost USD"; else cost='not known'; fi
  say ""
  say "  answer   $(text content)"
  say "  model    $model ($(header x-litellm-model-id))"
  say "  tokens   $(number prompt_tokens) in, $(number completion_tokens) out"
  say "  cost     $cost"
  say "  latency  $seconds s"
  say ""
}

print_use() {
  cat <<USE
Use it:

  curl $address/v1/chat/completions -H 'Content-Type: application/json' \\
    -d '{"model": "$model", "messages": [{"role": "user", "content": "Hello"}]}'

  from openai import OpenAI
  client = OpenAI(base_url="$address/v1", api_key="none")
  print(client.chat.completions.create(
      model="$model", messages=[{"role": "user", "content": "Hello"}]).choices[0].message.content)

It runs until you press Ctrl+C.
USE
}

stop() {
  kill "$daemon" 2>/dev/null || true
  ended=0
  wait "$daemon" || ended=$?
  daemon=
  if [ "$ended" -ne 0 ]; then
    cat "$tmp/log" >&2
    fail "the gateway ended with status $ended"
  fi
}

case $action in
  install)
    install_service
    exit 0
    ;;
  uninstall)
    uninstall_service
    exit 0
    ;;
esac
install_what_is_missing
build
choose_directories
start
ask_question
print_answer
if [ -n "$once" ]; then
  stop
  say "Stopped."
  exit 0
fi
print_use
trap 'say ""; stop; say "Stopped."; exit 0' INT TERM
tail -n +1 -f "$tmp/log" >&2 &
follower=$!
wait "$daemon" || fail "the gateway ended by itself; see above"
