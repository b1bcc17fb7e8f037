#!/bin/sh
# Puts programs, manual and completions in place: install.sh FOLDER-OF-PROGRAMS PREFIX
set -eu
from=$1
prefix=$2
root=$(CDPATH='' cd -- "$(dirname "$0")/.." && pwd)

install -d "$prefix/bin" "$prefix/share/man/man1" "$prefix/share/man/man5" \
  "$prefix/share/bash-completion/completions" "$prefix/share/zsh/site-functions" \
  "$prefix/share/fish/vendor_completions.d" "$prefix/share/doc/graft/docs" "$prefix/share/graft/grids"
install -m 755 "$from/graft" "$from/graft-worker" "$prefix/bin"
install -m 644 "$root"/man/*.1 "$prefix/share/man/man1"
install -m 644 "$root"/man/*.5 "$prefix/share/man/man5"
install -m 644 "$root/README.md" "$root/LICENSE" "$prefix/share/doc/graft"
install -m 644 "$root"/docs/*.md "$prefix/share/doc/graft/docs"
install -m 644 "$root"/grids/*.yaml "$prefix/share/graft/grids"
"$from/graft" --generate-completion-script bash > "$prefix/share/bash-completion/completions/graft"
"$from/graft" --generate-completion-script zsh > "$prefix/share/zsh/site-functions/_graft"
"$from/graft" --generate-completion-script fish > "$prefix/share/fish/vendor_completions.d/graft.fish"
