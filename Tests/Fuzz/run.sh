#!/bin/sh
# Fuzzes the decoders of image files:  Tests/Fuzz/run.sh SECONDS [TARGET ...]
#
# Targets: header jpeg png tiff dicom (default: all, SECONDS each, one after the other). Needs the Swift toolchain's clang,
# with libFuzzer and AddressSanitizer, and python3. The corpus grows under .build/fuzz; what breaks a decoder is kept
# there in found/ and belongs, once mended, into Tests/Fuzz/found/TARGET, which the tests decode.
#
# The system's libraries are not instrumented: of their own faults only those show that end the process. Builds of DCMTK or
# libtiff with -fsanitize=fuzzer-no-link,address are used where GRAFT_FUZZ_INCLUDE (-I...) and GRAFT_FUZZ_LINK (-L...)
# name them.
set -eu
cd "$(dirname "$0")/../.."
seconds="${1:?usage: Tests/Fuzz/run.sh SECONDS [TARGET ...]}"
shift
targets="${*:-header jpeg png tiff dicom}"

clang="${CLANG:-$(dirname "$(readlink -f "$(command -v swift)")")/clang}"
work=.build/fuzz
mkdir -p "$work/found"
flags="-g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined"
include="-ISources/CImage/include -ISources/CDicom/include ${GRAFT_FUZZ_INCLUDE:-}"
link="-fuse-ld=lld -fsanitize=fuzzer,address,undefined ${GRAFT_FUZZ_LINK:-}"

system="-ljpeg -lpng -ltiff -lz -lm -lpthread"

objects=""
for source in Sources/CImage/*.c; do
  object="$work/$(basename "$source").o"
  "$clang" $flags $include -c "$source" -o "$object"
  objects="$objects $object"
done
for target in $targets; do
  case "$target" in
    header) define=0 ;;
    jpeg) define=CIMAGE_JPEG ;;
    png) define=CIMAGE_PNG ;;
    tiff) define=CIMAGE_TIFF ;;
    dicom) define= ;;
    *) echo "no such target: $target" >&2; exit 64 ;;
  esac
  if [ "$target" = dicom ]; then
    medical=""
    for source in Sources/CDicom/*.cpp; do
      object="$work/$(basename "$source").o"
      "$clang++" -std=c++17 $flags $include -c "$source" -o "$object"
      medical="$medical $object"
    done
    "$clang" $flags $include -c Tests/Fuzz/dicom.c -o "$work/dicom.o"
    "$clang++" $link "$work/dicom.o" $medical $objects -o "$work/fuzz-dicom" \
      -ldcmjpls -ldcmtkcharls -ldcmjpeg -lijg8 -lijg12 -lijg16 -ldcmimage -ldcmimgle -ldcmdata -loflog -lofstd $system
  else
    "$clang" $flags $include -DFORMAT=$define -c Tests/Fuzz/image.c -o "$work/$target.o"
    "$clang++" $link "$work/$target.o" $objects -o "$work/fuzz-$target" $system
  fi
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
