#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# GLib with ThreadSanitizer, from Debian's source of the version that is installed, into the directory $1.
# Says on its last line what LD_LIBRARY_PATH must hold. Debian's own build locks by futexes that the sanitizer does not
# see, so that everything two threads share under a GMutex would count as a race.
set -eu

directory=$1
mkdir -p "$directory"
directory=$(CDPATH='' cd -- "$directory" && pwd)
version=$(dpkg-query -W -f '${source:Version}' libglib2.0-0)

fetch() {
  lists=$directory/apt
  mkdir -p "$lists/lists/partial"
  # the system's own sources, for sources
  : >"$lists/all.sources"
  for file in /etc/apt/sources.list.d/debian.sources; do
    [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >>"$lists/all.sources"
  done
  if [ -s "$lists/all.sources" ]; then
    list=$lists/all.sources
  else
    list=$lists/all.list
    sed -n 's/^deb \(.*debian.*\)/deb-src \1/p' /etc/apt/sources.list >"$list"
  fi
  set -- -q -o "Dir::Etc::sourcelist=$list" -o Dir::Etc::sourceparts=/nonexistent -o "Dir::State::lists=$lists/lists"
  apt-get "$@" update
  (cd "$directory" && apt-get "$@" source --download-only "glib2.0=$version")
}

if [ "$(cat "$directory/built" 2>/dev/null)" != "$version" ]; then
  fetch
  rm -rf "$directory/source" "$directory/build"
  mkdir "$directory/source"
  tar -C "$directory/source" --strip-components=1 -xf "$directory"/glib2.0_*.orig.tar.xz
  tar -C "$directory/source" -xf "$directory"/glib2.0_*.debian.tar.xz
  (cd "$directory/source" && while read -r patch; do
    case $patch in '' | '#'*) ;; *) patch -s -p1 <"debian/patches/$patch" ;; esac
  done <debian/patches/series)
  meson setup "$directory/build" "$directory/source" --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false \
    -Dtests=false -Dnls=disabled -Dlibmount=disabled -Dselinux=disabled -Dlibelf=disabled
  ninja -C "$directory/build"
  echo "$version" >"$directory/built"
fi
build=$directory/build
echo "$build/glib:$build/gobject:$build/gio:$build/gmodule"
