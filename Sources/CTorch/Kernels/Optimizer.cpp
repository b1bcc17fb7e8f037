// Adam (Kingma & Ba 2015), AdamW (Loshchilov & Hutter 2019) and gradient descent with momentum, each one pass over memory.
#include "Kernels.h"
#include "Parallel.h"
#include "Vector.h"

#include <algorithm>
#include <cmath>
#include <vector>

GRAFT_AVX2_BEGIN

namespace graft {

namespace {
constexpr int64_t grain = 16384;
}

double squareSum(const float *x, int64_t count) {
  std::vector<double> parts(size_t((count + grain - 1) / grain), 0.0);
  parallelRanges(count, grain, [&](int64_t begin, int64_t end) {
    __m256d low = _mm256_setzero_pd(), high = low;
    int64_t i = begin;
    for (; i + 8 <= end; i += 8) {
      const __m256d left = _mm256_cvtps_pd(_mm_loadu_ps(x + i)), right = _mm256_cvtps_pd(_mm_loadu_ps(x + i + 4));
      low = _mm256_fmadd_pd(left, left, low);
      high = _mm256_fmadd_pd(right, right, high);
    }
    double lanes[4];
    _mm256_storeu_pd(lanes, _mm256_add_pd(low, high));
    double total = lanes[0] + lanes[1] + lanes[2] + lanes[3];
    for (; i < end; i++) total += double(x[i]) * double(x[i]);
    parts[size_t(begin / grain)] = total;
  });
  double total = 0;
  for (double part : parts) total += part;
  return total;
}

namespace {

template <bool coupled>
void adamPass(float *parameter, const float *gradient, float *first, float *second, int64_t count,
              const AdamStep &step) {
  const __m256 clip = _mm256_set1_ps(float(step.clip)), epsilon = _mm256_set1_ps(float(step.epsilon));
  const __m256 beta1 = _mm256_set1_ps(float(step.beta1)), rest1 = _mm256_set1_ps(float(1 - step.beta1));
  const __m256 beta2 = _mm256_set1_ps(float(step.beta2)), rest2 = _mm256_set1_ps(float(1 - step.beta2));
  const __m256 keep = _mm256_set1_ps(float(1 - step.rate * step.decay)), decay = _mm256_set1_ps(float(step.decay));
  const __m256 rate = _mm256_set1_ps(float(step.rate / (1 - std::pow(step.beta1, double(step.step)))));
  const __m256 correction = _mm256_set1_ps(float(1 / std::sqrt(1 - std::pow(step.beta2, double(step.step)))));
  parallelRanges(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += 8) {
      const __m256i places = firstPlaces(end - i < 8 ? end - i : 8);
      const __m256 value = _mm256_maskload_ps(parameter + i, places);
      __m256 slope = _mm256_mul_ps(_mm256_maskload_ps(gradient + i, places), clip);
      if (coupled) slope = _mm256_fmadd_ps(decay, value, slope);
      const __m256 m = _mm256_fmadd_ps(beta1, _mm256_maskload_ps(first + i, places), _mm256_mul_ps(rest1, slope));
      const __m256 v = _mm256_fmadd_ps(beta2, _mm256_maskload_ps(second + i, places),
                                       _mm256_mul_ps(rest2, _mm256_mul_ps(slope, slope)));
      const __m256 size = _mm256_fmadd_ps(_mm256_sqrt_ps(v), correction, epsilon);
      const __m256 kept = coupled ? value : _mm256_mul_ps(value, keep);
      _mm256_maskstore_ps(first + i, places, m);
      _mm256_maskstore_ps(second + i, places, v);
      _mm256_maskstore_ps(parameter + i, places,
                          _mm256_sub_ps(kept, _mm256_div_ps(_mm256_mul_ps(rate, m), size)));
    }
  });
}

}  // namespace

void adam(float *parameter, const float *gradient, float *first, float *second, int64_t count, const AdamStep &step) {
  if (step.coupled) {
    adamPass<true>(parameter, gradient, first, second, count, step);
  } else {
    adamPass<false>(parameter, gradient, first, second, count, step);
  }
}

void descent(float *parameter, const float *gradient, float *velocity, int64_t count, const DescentStep &step) {
  const __m256 clip = _mm256_set1_ps(float(step.clip)), decay = _mm256_set1_ps(float(step.decay));
  const __m256 scale = _mm256_set1_ps(float(step.scale)), rate = _mm256_set1_ps(float(step.rate));
  const __m256 momentum = _mm256_set1_ps(float(step.momentum));
  parallelRanges(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += 8) {
      const __m256i places = firstPlaces(end - i < 8 ? end - i : 8);
      const __m256 value = _mm256_maskload_ps(parameter + i, places);
      __m256 slope = _mm256_mul_ps(_mm256_maskload_ps(gradient + i, places), clip);
      slope = _mm256_mul_ps(_mm256_fmadd_ps(decay, value, slope), scale);
      if (velocity) {
        const __m256 speed = _mm256_fmadd_ps(momentum, _mm256_maskload_ps(velocity + i, places), slope);
        _mm256_maskstore_ps(velocity + i, places, speed);
        slope = step.nesterov ? _mm256_fmadd_ps(momentum, speed, slope) : speed;
      }
      _mm256_maskstore_ps(parameter + i, places, _mm256_fnmadd_ps(rate, slope, value));
    }
  });
}

}  // namespace graft

GRAFT_AVX2_END
