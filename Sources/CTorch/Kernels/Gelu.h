// gelu(x) = x Phi(x), Phi the normal distribution function (Hendrycks & Gimpel 2016), by the rational approximation 7.1.26 of
// Abramowitz & Stegun, whose absolute error is below 1.5e-7: the resolution of float32 near 1. Eight values at a time.
#pragma once

#include <cstdint>

#include "Vector.h"

GRAFT_AVX2_BEGIN

namespace graft {

struct GeluNormal {
  __m256 distribution, density;
};

/// Phi(x) and its derivative.
static inline GeluNormal geluNormal(__m256 x) {
  const __m256 sign = _mm256_and_ps(x, _mm256_set1_ps(-0.0f));
  const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
  const __m256 bell = exponential(_mm256_mul_ps(_mm256_set1_ps(-0.5f), _mm256_mul_ps(x, x)));
  // 0.3275911 / sqrt 2, as the formula is for erf(x / sqrt 2).
  const __m256 t = _mm256_div_ps(_mm256_set1_ps(1.0f),
                                 _mm256_fmadd_ps(_mm256_set1_ps(0.231641888f), magnitude, _mm256_set1_ps(1.0f)));
  __m256 tail = _mm256_set1_ps(1.061405429f);
  tail = _mm256_fmadd_ps(tail, t, _mm256_set1_ps(-1.453152027f));
  tail = _mm256_fmadd_ps(tail, t, _mm256_set1_ps(1.421413741f));
  tail = _mm256_fmadd_ps(tail, t, _mm256_set1_ps(-0.284496736f));
  tail = _mm256_fmadd_ps(tail, t, _mm256_set1_ps(0.254829592f));
  const __m256 erf = _mm256_fnmadd_ps(_mm256_mul_ps(tail, t), bell, _mm256_set1_ps(1.0f));
  GeluNormal normal;
  normal.distribution =
      _mm256_fmadd_ps(_mm256_set1_ps(0.5f), _mm256_or_ps(erf, sign), _mm256_set1_ps(0.5f));
  normal.density = _mm256_mul_ps(bell, _mm256_set1_ps(0.398942280401432678f));
  return normal;
}

static inline __m256 gelu(__m256 x, const GeluNormal &n) { return _mm256_mul_ps(x, n.distribution); }

static inline __m256 geluSlope(__m256 x, const GeluNormal &n) { return _mm256_fmadd_ps(x, n.density, n.distribution); }

/// Calls `whole(place)` for every eight of 0..<count, and `rest(place, mask)` for what is left.
template <typename Whole, typename Rest>
static inline void eights(int64_t count, Whole whole, Rest rest) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) whole(i);
  if (i < count) rest(i, firstPlaces(count - i));
}

/// g = gelu(h), on the calling thread.
static inline void geluValues(const float *h, float *g, int64_t count) {
  const auto value = [](__m256 x) { return gelu(x, geluNormal(x)); };
  eights(
      count, [&](int64_t i) { _mm256_storeu_ps(g + i, value(_mm256_loadu_ps(h + i))); },
      [&](int64_t i, __m256i places) {
        _mm256_maskstore_ps(g + i, places, value(_mm256_maskload_ps(h + i, places)));
      });
}

}  // namespace graft

GRAFT_AVX2_END
