// The activation of transformers by itself.
#include "Gelu.h"

#include "Kernels.h"
#include "Parallel.h"

GRAFT_AVX2_BEGIN

namespace graft {

namespace {
constexpr int64_t grain = 16384;
}

void geluForward(const float *x, float *y, int64_t count) {
  parallelRanges(count, grain, [&](int64_t begin, int64_t end) { geluValues(x + begin, y + begin, end - begin); });
}

void geluBackward(const float *x, const float *dy, float *dx, int64_t count) {
  const auto slope = [](__m256 value) { return geluSlope(value, geluNormal(value)); };
  parallelRanges(count, grain, [&](int64_t begin, int64_t end) {
    const float *values = x + begin, *slopes = dy + begin;
    float *out = dx + begin;
    eights(
        end - begin,
        [&](int64_t i) {
          _mm256_storeu_ps(out + i, _mm256_mul_ps(_mm256_loadu_ps(slopes + i), slope(_mm256_loadu_ps(values + i))));
        },
        [&](int64_t i, __m256i places) {
          const __m256 value = slope(_mm256_maskload_ps(values + i, places));
          _mm256_maskstore_ps(out + i, places, _mm256_mul_ps(_mm256_maskload_ps(slopes + i, places), value));
        });
  });
}

}  // namespace graft

GRAFT_AVX2_END
