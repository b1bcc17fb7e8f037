// Layer normalisation (Ba, Kiros & Hinton 2016) over rows.
#include "Kernels.h"
#include "Parallel.h"
#include "Vector.h"

#include <algorithm>
#include <cmath>
#include <vector>

GRAFT_AVX2_BEGIN

namespace graft {

namespace {
constexpr int64_t grain = 64;
}

void layerNormForward(const float *x, const float *scale, const float *shift, float *y, float *mean, float *inverse,
                      int64_t m, int64_t d, double epsilon) {
  parallelRanges(m, grain, [&](int64_t begin, int64_t end) {
#pragma clang fp reassociate(on)
    for (int64_t row = begin; row < end; row++) {
      const float *values = x + row * d;
      float total = 0;
      for (int64_t i = 0; i < d; i++) total += values[i];
      const float centre = total / float(d);
      float squares = 0;
      for (int64_t i = 0; i < d; i++) squares += (values[i] - centre) * (values[i] - centre);
      const float factor = float(1 / std::sqrt(double(squares) / double(d) + epsilon));
      float *out = y + row * d;
      for (int64_t i = 0; i < d; i++) out[i] = (values[i] - centre) * factor * scale[i] + shift[i];
      mean[row] = centre;
      inverse[row] = factor;
    }
  });
}

void layerNormBackward(const float *x, const float *dy, const float *scale, const float *mean, const float *inverse,
                       float *dx, float *dscale, float *dshift, int64_t m, int64_t d) {
  const int64_t pieces = (m + grain - 1) / grain;
  std::vector<float> parts(size_t(pieces * 2 * d), 0.0f);
  parallel(pieces, [&](int64_t piece) {
#pragma clang fp reassociate(on)
    float *scalePart = parts.data() + piece * 2 * d, *shiftPart = scalePart + d;
    for (int64_t row = piece * grain; row < std::min(m, (piece + 1) * grain); row++) {
      const float *values = x + row * d, *slopes = dy + row * d;
      const float centre = mean[row], factor = inverse[row];
      float total = 0, along = 0;
      for (int64_t i = 0; i < d; i++) {
        const float normal = (values[i] - centre) * factor, slope = slopes[i] * scale[i];
        total += slope;
        along += slope * normal;
      }
      for (int64_t i = 0; i < d; i++) {
        scalePart[i] += slopes[i] * (values[i] - centre) * factor;
        shiftPart[i] += slopes[i];
      }
      total /= float(d);
      along /= float(d);
      float *out = dx + row * d;
      for (int64_t i = 0; i < d; i++)
        out[i] = factor * (slopes[i] * scale[i] - total - (values[i] - centre) * factor * along);
    }
  });
  for (int64_t i = 0; i < d; i++) {
    double scaleSum = 0, shiftSum = 0;
    for (int64_t piece = 0; piece < pieces; piece++) {
      scaleSum += parts[size_t(piece * 2 * d + i)];
      shiftSum += parts[size_t(piece * 2 * d + d + i)];
    }
    dscale[i] = float(scaleSum);
    dshift[i] = float(shiftSum);
  }
}

}  // namespace graft

GRAFT_AVX2_END
