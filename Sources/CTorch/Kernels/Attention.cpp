// Scaled dot-product attention (Vaswani et al. 2017), an image and a head at a time: two products and a softmax whose
// operands stay in the cache, read straight from the projection's rows.
#include "Kernels.h"
#include "Parallel.h"
#include "Vector.h"

#include <cmath>

GRAFT_AVX2_BEGIN

namespace graft {

namespace {

void softmaxRow(float *row, int64_t count, float scale) {
  __m256 top = _mm256_set1_ps(-INFINITY);
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) top = _mm256_max_ps(top, _mm256_loadu_ps(row + i));
  const __m256i rest = firstPlaces(count - i);
  const __m256 outside = _mm256_set1_ps(-INFINITY);
  if (i < count)
    top = _mm256_max_ps(
        top, _mm256_blendv_ps(outside, _mm256_maskload_ps(row + i, rest), _mm256_castsi256_ps(rest)));
  const __m256 peak = _mm256_set1_ps(largest(top) * scale);
  const __m256 factor = _mm256_set1_ps(scale);
  __m256 total = _mm256_setzero_ps();
  for (i = 0; i + 8 <= count; i += 8) {
    const __m256 value = exponential(_mm256_fmsub_ps(_mm256_loadu_ps(row + i), factor, peak));
    total = _mm256_add_ps(total, value);
    _mm256_storeu_ps(row + i, value);
  }
  if (i < count) {
    __m256 value = exponential(_mm256_fmsub_ps(_mm256_maskload_ps(row + i, rest), factor, peak));
    value = _mm256_and_ps(value, _mm256_castsi256_ps(rest));
    total = _mm256_add_ps(total, value);
    _mm256_maskstore_ps(row + i, rest, value);
  }
  const float inverse = 1 / sum(total);
  for (i = 0; i < count; i++) row[i] *= inverse;
}

/// The softmax's gradient in place: slope = scale p (slope - sum(p slope)).
void softmaxSlopeRow(const float *p, float *slope, int64_t count, float scale) {
  __m256 total = _mm256_setzero_ps();
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) total = _mm256_fmadd_ps(_mm256_loadu_ps(p + i), _mm256_loadu_ps(slope + i), total);
  float dot = sum(total);
  for (; i < count; i++) dot += p[i] * slope[i];
  for (i = 0; i < count; i++) slope[i] = scale * p[i] * (slope[i] - dot);
}

}  // namespace

void attentionForward(const float *qkv, float *weights, float *y, int64_t n, int64_t t, int64_t heads, int64_t d) {
  const int64_t width = heads * d;
  const float scale = 1 / std::sqrt(float(d));
  parallel(n * heads, [&](int64_t index) {
    const int64_t image = index / heads, head = index % heads;
    const float *q = qkv + image * t * 3 * width + head * d;
    float *p = weights + index * t * t;
    matrixProduct(false, true, t, t, d, 1, q, 3 * width, q + width, 3 * width, 0, p, t);
    for (int64_t row = 0; row < t; row++) softmaxRow(p + row * t, t, scale);
    matrixProduct(false, false, t, d, t, 1, p, t, q + 2 * width, 3 * width, 0, y + image * t * width + head * d, width);
  });
}

void attentionBackward(const float *qkv, const float *weights, const float *dy, float *dqkv, int64_t n, int64_t t,
                       int64_t heads, int64_t d) {
  const int64_t width = heads * d;
  const float scale = 1 / std::sqrt(float(d));
  parallel(n * heads, [&](int64_t index) {
    float *slope = threadRoom(t * t);
    const int64_t image = index / heads, head = index % heads;
    const int64_t start = image * t * 3 * width + head * d;
    const float *q = qkv + start, *k = q + width, *v = k + width;
    float *dq = dqkv + start, *dk = dq + width, *dv = dk + width;
    const float *p = weights + index * t * t;
    const float *gradient = dy + image * t * width + head * d;
    matrixProduct(true, false, t, d, t, 1, p, t, gradient, width, 0, dv, 3 * width);
    matrixProduct(false, true, t, t, d, 1, gradient, width, v, 3 * width, 0, slope, t);
    for (int64_t row = 0; row < t; row++) softmaxSlopeRow(p + row * t, slope + row * t, t, scale);
    matrixProduct(false, false, t, d, t, 1, slope, t, k, 3 * width, 0, dq, 3 * width);
    matrixProduct(true, false, t, d, t, 1, slope, t, q, 3 * width, 0, dk, 3 * width);
  });
}

}  // namespace graft

GRAFT_AVX2_END
