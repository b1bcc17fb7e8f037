#!/bin/sh
# Fuzzes what reads files from outside:  Tests/Fuzz/run.sh SECONDS [TARGET ...]
#
# Targets: header jpeg png tiff dicom (images), torch pickle safetensors (weights), npy npz (arrays), table (default: all,
# SECONDS each, one after the other). Needs the Swift toolchain, whose clang brings libFuzzer and AddressSanitizer, and
# python3. The corpus grows under .build/fuzz; what breaks a reader is kept there in found/ and belongs, once mended, into
# Tests/Fuzz/found/TARGET, which the tests read.
#
# The system's libraries are not instrumented: of their own faults only those show that end the process. Builds of DCMTK or
# libtiff with -fsanitize=fuzzer-no-link,address are used where GRAFT_FUZZ_INCLUDE (-I...) and GRAFT_FUZZ_LINK (-L...)
# name them.
set -eu
cd "$(dirname "$0")/../.."
seconds="${1:?usage: Tests/Fuzz/run.sh SECONDS [TARGET ...]}"
shift
targets="${*:-header jpeg png tiff dicom torch pickle safetensors npy npz table}"

clang="${CLANG:-$(dirname "$(readlink -f "$(command -v swift)")")/clang}"
work=.build/fuzz
mkdir -p "$work/found"
flags="-g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined"
include="-ISources/CImage/include -ISources/CDicom/include ${GRAFT_FUZZ_INCLUDE:-}"
link="-fuse-ld=lld -fsanitize=fuzzer,address,undefined ${GRAFT_FUZZ_LINK:-}"

system="-ljpeg -lpng -ltiff -lz -lm -lpthread"

# Compiles sources into objects, whose names it says.
compile() {
  compiler="$1"
  shift
  for source; do
    $compiler $flags $include -c "$source" -o "$work/$(basename "$source").o"
    echo "$work/$(basename "$source").o"
  done
}

build_image() {
  "$clang" $flags $include -DFORMAT="$2" -c Tests/Fuzz/image.c -o "$work/$1.o"
  "$clang++" $link "$work/$1.o" $(compile "$clang" Sources/CImage/*.c) -o "$work/fuzz-$1" $system
}

build_dicom() {
  "$clang++" $link $(compile "$clang" Tests/Fuzz/dicom.c Sources/CImage/*.c) \
    $(compile "$clang++ -std=c++17" Sources/CDicom/*.cpp) -o "$work/fuzz-dicom" \
    -ldcmjpeg -lijg8 -lijg12 -lijg16 -ldcmimage -ldcmimgle -ldcmdata -loflog -lofstd $system
}

# The readers written in Swift are one program, which does as it is called, and one module, called as the one that they
# import.
build_reader() {
  if [ -z "$reader_is_built" ]; then
    engine=Sources/Engine
    swiftc -module-name Files -package-name graft -swift-version 6 -parse-as-library -wmo -O -gline-tables-only -suppress-warnings \
      -sanitize=fuzzer,address -use-ld=lld -I Sources/CZlib Tests/Fuzz/readers.swift Sources/Files/*.swift \
      $(ls $engine/Containers/*.swift | grep -v HDF5) $engine/Weights/Pickle*.swift $engine/Weights/ElementType.swift \
      $engine/Weights/StoredTensor.swift $engine/Weights/TorchFile.swift $engine/Weights/Safetensors.swift \
      $engine/Weights/StateDict.swift $engine/Data/DelimitedText.swift $engine/Tensor/EngineError.swift \
      -o "$work/fuzz-readers"
    reader_is_built=yes
  fi
  cp "$work/fuzz-readers" "$work/fuzz-$1"
}

reader_is_built=""
for target in $targets; do
  case "$target" in
    header) build_image header 0 ;;
    jpeg) build_image jpeg CIMAGE_JPEG ;;
    png) build_image png CIMAGE_PNG ;;
    tiff) build_image tiff CIMAGE_TIFF ;;
    dicom) build_dicom ;;
    torch | pickle | safetensors | npy | npz | table) build_reader "$target" ;;
    *) echo "no such target: $target" >&2; exit 64 ;;
  esac
done

# DCMTK's codecs are registered for as long as the process lives.
echo "leak:registerCodecs" >"$work/leaks"
python3 Tests/Fuzz/seeds.py "$work/seeds"
status=0
for target in $targets; do
  mkdir -p "$work/corpus/$target" "$work/found/$target"
  known="Tests/Fuzz/found/$target"
  [ -d "$known" ] || known=""
  LSAN_OPTIONS="suppressions=$work/leaks:print_suppressions=0" ASAN_OPTIONS="allocator_may_return_null=1:max_allocation_size_mb=1500" "$work/fuzz-$target" \
    -max_total_time="$seconds" -max_len=16384 -timeout=20 -rss_limit_mb=4000 -print_final_stats=1 \
    -artifact_prefix="$work/found/$target/" "$work/corpus/$target" "$work/seeds/$target" $known \
    >"$work/$target.log" 2>&1 || { status=1; echo "$target: broken, see $work/$target.log" >&2; }
  echo "$target: $(grep -E "stat::number_of_executed_units" "$work/$target.log" | tr -s ' ' | cut -d' ' -f2) runs," \
    "$(ls "$work/corpus/$target" | wc -l) inputs kept, $(ls "$work/found/$target" | wc -l) found"
done
exit $status
