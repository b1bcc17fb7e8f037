#!/bin/sh
# Makes the pages of the sources' comments by DocC, in .build/docs; a warning is an error. TARGETS names some of them.
set -eu
cd "$(dirname "$0")/.."
# DocC's plugin is no part of what is built and tested, and no part of the lock file either.
kept=$(mktemp)
cp Package.resolved "$kept" 2>/dev/null || rm "$kept"
trap 'rm -f Package.resolved; [ ! -f "$kept" ] || mv "$kept" Package.resolved' EXIT
# shellcheck disable=SC2086
targets=$(printf ' --target %s' ${TARGETS:-Hashing Files Planner WorkerProtocol Store Executor Report StudyView})
rm -rf .build/docs
# Its own folder of builds: what is built here is built for debugging.
# shellcheck disable=SC2086
GRAFT_DOCC=1 swift package --scratch-path .build/docc --allow-writing-to-directory .build/docs generate-documentation \
  $targets --enable-experimental-combined-documentation --warnings-as-errors --output-path .build/docs
