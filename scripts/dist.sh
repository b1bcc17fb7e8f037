#!/bin/sh
# Makes the release archive in .build/dist: both programs with Swift's runtime within them, stripped; manual, completions,
# pages, grids, and the list of the system's libraries that are needed. The same programs give the same bytes.
set -eu
cd "$(dirname "$0")/.."
build=.build/dist/build
swift build -c release --static-swift-stdlib --scratch-path "$build" --product graft
swift build -c release --static-swift-stdlib --scratch-path "$build" --product graft-worker

bin=$(swift build -c release --scratch-path "$build" --show-bin-path)
version=$("$bin/graft" --version)
name=graft-$version-linux-$(uname -m)
stage=.build/dist/$name
rm -rf "$stage" .build/dist/stripped
mkdir -p .build/dist/stripped
for program in graft graft-worker; do strip -o ".build/dist/stripped/$program" "$bin/$program"; done
sh scripts/install.sh .build/dist/stripped "$stage"

# What each program is linked with directly, and Debian's package of it.
{
  echo "# Libraries of the system that the programs are linked with, and the packages that have them in Debian 12."
  for program in graft graft-worker; do
    ldd "$stage/bin/$program" > .build/dist/linked
    objdump -p "$stage/bin/$program" | sed -n 's/^ *NEEDED *//p' | LC_ALL=C sort | while read -r library; do
      file=$(sed -n "s|^[[:space:]]*$library => \(/[^ ]*\).*|\1|p" .build/dist/linked)
      # Where /lib is a link, packages still name their files below it.
      package=$({ dpkg -S "$(readlink -f "$file")" || dpkg -S "$file" || dpkg -S "${file#/usr}"; } 2>/dev/null |
        sed 's/:.*//' | head -n 1)
      [ -n "$file" ] || package=libc6
      echo "$program $library ${package:--}"
    done
  done
} > "$stage/LIBRARIES"

# The day of the last commit, for want of one the epoch: not that of the build.
date=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
find "$stage" -type d -exec chmod 755 {} +
find "$stage" -type f -exec chmod u=rwX,go=rX {} +
tar --sort=name --format=ustar --mtime="@$date" --owner=0 --group=0 --numeric-owner -C .build/dist -cf - "$name" |
  gzip -9n > ".build/dist/$name.tar.gz"
cd .build/dist
sha256sum "$name.tar.gz" > "$name.tar.gz.sha256"
cat "$name.tar.gz.sha256"
