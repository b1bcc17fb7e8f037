#!/bin/sh
# Makes a file of a backbone's weights, as good as random, for pages that speak of published ones:
# weights.sh BACKBONE FILE
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
perl "$(dirname "$0")/images.pl" "$work/images" 10 a b
mkdir -p "$(dirname "$2")"
model=$(graft train --dataset "$work/images" --backbone "$1" --workspace "$work/state" --quiet \
  --set training.epochs=1 --set training.batch_size=4 --set training.image_size=32 | sed -n 's/^model //p')
cp "$model" "$2"
