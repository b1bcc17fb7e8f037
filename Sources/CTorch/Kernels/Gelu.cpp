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
  parallelRanges(count, grain, [&](int64_t begin, int64_t end) {
    for (; begin + 8 <= end; begin += 8) {
      const __m256 value = _mm256_loadu_ps(x + begin);
      _mm256_storeu_ps(y + begin, gelu(value));
    }
    if (begin < end) {
      const __m256i places = firstPlaces(end - begin);
      const __m256 value = _mm256_maskload_ps(x + begin, places);
      _mm256_maskstore_ps(y + begin, places, gelu(value));
    }
  });
}

void geluBackward(const float *x, const float *dy, float *dx, int64_t count) {
  parallelRanges(count, grain, [&](int64_t begin, int64_t end) {
    for (; begin + 8 <= end; begin += 8)
      _mm256_storeu_ps(dx + begin, _mm256_mul_ps(_mm256_loadu_ps(dy + begin), geluSlope(_mm256_loadu_ps(x + begin))));
    if (begin < end) {
      const __m256i places = firstPlaces(end - begin);
      const __m256 value = geluSlope(_mm256_maskload_ps(x + begin, places));
      _mm256_maskstore_ps(dx + begin, places, _mm256_mul_ps(_mm256_maskload_ps(dy + begin, places), value));
    }
  });
}

}  // namespace graft

GRAFT_AVX2_END
