#!/bin/sh
# Installs the system packages that Graft builds on, where they are missing: as root, or through sudo where it asks for
# no password; otherwise prints the one line to run. Further packages may be named as arguments.
set -eu

packages="g++ libc6-dev libtorch-dev libopenblas-dev libyaml-dev libsqlite3-dev libssl-dev libjpeg-dev libpng-dev libhdf5-dev zlib1g-dev curl $*"
# Another libtorch, named by LIBTORCH, stands for the system's.
if [ -n "${LIBTORCH:-}" ]; then
  packages=$(echo "$packages" | sed 's/libtorch-dev//')
fi

missing=""
for package in $packages; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done

if ! command -v swift >/dev/null 2>&1; then
  echo "graft: error: Swift 6.2 or later is not on the PATH; install it, then run this again." >&2
  exit 69
fi
[ -n "$missing" ] || exit 0

install="apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends$missing"
echo "graft: installing$missing" >&2
if [ "$(id -u)" = 0 ]; then
  sh -c "$install" >&2
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  sudo sh -c "$install" >&2
else
  echo "graft: error: these system packages are missing. Run this line, then the same command again:" >&2
  echo "  sudo sh -c '$install'" >&2
  exit 69
fi
