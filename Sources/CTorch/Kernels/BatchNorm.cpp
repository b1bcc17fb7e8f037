// Batch normalisation (Ioffe & Szegedy 2015) over the rows of a channels-last image batch, with the addition of a
// residual branch and the rectifier in the same pass over memory.
#include "Kernels.h"
#include "Parallel.h"
#include "Vector.h"

#include <algorithm>
#include <vector>

GRAFT_AVX2_BEGIN

namespace graft {

namespace {

/// Rows of a piece: about 64 KiB of values, which stay in the cache between the passes over them.
int64_t pieceRows(int64_t c) { return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, c)); }

}  // namespace

void columnMoments(const float *x, double *mean, double *variance, int64_t m, int64_t c) {
  const int64_t rows = pieceRows(c), pieces = (m + rows - 1) / rows;
  std::vector<float> parts(size_t(pieces * 2 * c), 0.0f);
  parallel(pieces, [&](int64_t piece) {
    float *__restrict means = parts.data() + piece * 2 * c, *__restrict squares = means + c;
    const int64_t begin = piece * rows, end = std::min(m, begin + rows);
    for (int64_t row = begin; row < end; row++)
      for (int64_t i = 0; i < c; i++) means[i] += x[row * c + i];
    const float inverse = 1 / float(end - begin);
    for (int64_t i = 0; i < c; i++) means[i] *= inverse;
    for (int64_t row = begin; row < end; row++)
      for (int64_t i = 0; i < c; i++) {
        const float distance = x[row * c + i] - means[i];
        squares[i] += distance * distance;
      }
  });
  // Pieces joined as in Chan, Golub & LeVeque 1979.
  for (int64_t i = 0; i < c; i++) {
    double count = 0, centre = 0, squares = 0;
    for (int64_t piece = 0; piece < pieces; piece++) {
      const double pieceCount = double(std::min(m, (piece + 1) * rows) - piece * rows);
      const double distance = parts[size_t(piece * 2 * c + i)] - centre;
      const double total = count + pieceCount;
      squares += parts[size_t(piece * 2 * c + c + i)] + distance * distance * count * pieceCount / total;
      centre += distance * pieceCount / total;
      count = total;
    }
    mean[i] = centre;
    variance[i] = squares / count;
  }
}

void columnAffine(const float *x, const float *residual, const float *factor, const float *offset, float *y, int64_t m,
                  int64_t c, bool relu) {
  const float floor = relu ? 0.0f : -__builtin_inff();
  parallelRanges(m, pieceRows(c), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float *__restrict in = x + row * c;
      float *__restrict out = y + row * c;
      if (residual) {
        const float *__restrict other = residual + row * c;
        for (int64_t i = 0; i < c; i++) {
          const float value = in[i] * factor[i] + offset[i] + other[i];
          out[i] = value > floor ? value : (value != value ? value : floor);
        }
      } else {
        for (int64_t i = 0; i < c; i++) {
          const float value = in[i] * factor[i] + offset[i];
          out[i] = value > floor ? value : (value != value ? value : floor);
        }
      }
    }
  });
}

void batchNormBackward(const float *x, const float *y, const float *dy, const float *scale, const float *mean,
                       const float *inverse, float *dx, float *dresidual, float *dscale, float *dshift, int64_t m,
                       int64_t c, int64_t dyRow, bool training) {
  const int64_t rows = pieceRows(c), pieces = (m + rows - 1) / rows;
  std::vector<float> parts(size_t(pieces * 2 * c), 0.0f);
  parallel(pieces, [&](int64_t piece) {
    float *__restrict along = parts.data() + piece * 2 * c, *__restrict total = along + c;
    for (int64_t row = piece * rows; row < std::min(m, (piece + 1) * rows); row++) {
      const float *__restrict values = x + row * c, *__restrict slopes = dy + row * dyRow;
      if (y) {
        const float *__restrict outputs = y + row * c;
        for (int64_t i = 0; i < c; i++) {
          const float slope = outputs[i] > 0 ? slopes[i] : 0.0f;
          total[i] += slope;
          along[i] += slope * (values[i] - mean[i]);
        }
      } else {
        for (int64_t i = 0; i < c; i++) {
          total[i] += slopes[i];
          along[i] += slopes[i] * (values[i] - mean[i]);
        }
      }
    }
  });
  std::vector<float> factors(size_t(3 * c));
  float *first = factors.data(), *second = first + c, *third = second + c;
  for (int64_t i = 0; i < c; i++) {
    double along = 0, total = 0;
    for (int64_t piece = 0; piece < pieces; piece++) {
      along += parts[size_t(piece * 2 * c + i)];
      total += parts[size_t(piece * 2 * c + c + i)];
    }
    dscale[i] = float(along * inverse[i]);
    dshift[i] = float(total);
    // dx = first slope + second (x - mean) + third.
    first[i] = scale[i] * inverse[i];
    second[i] = training ? float(-double(first[i]) * inverse[i] * inverse[i] * along / double(m)) : 0.0f;
    third[i] = training ? float(-double(first[i]) * total / double(m)) : 0.0f;
  }
  parallelRanges(m, rows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float *__restrict values = x + row * c, *__restrict slopes = dy + row * dyRow;
      float *__restrict out = dx + row * c;
      if (y && dresidual) {
        const float *__restrict outputs = y + row * c;
        float *__restrict branch = dresidual + row * c;
        for (int64_t i = 0; i < c; i++) {
          const float slope = outputs[i] > 0 ? slopes[i] : 0.0f;
          branch[i] = slope;
          out[i] = first[i] * slope + second[i] * (values[i] - mean[i]) + third[i];
        }
      } else if (y) {
        const float *__restrict outputs = y + row * c;
        for (int64_t i = 0; i < c; i++) {
          const float slope = outputs[i] > 0 ? slopes[i] : 0.0f;
          out[i] = first[i] * slope + second[i] * (values[i] - mean[i]) + third[i];
        }
      } else {
        for (int64_t i = 0; i < c; i++) out[i] = first[i] * slopes[i] + second[i] * (values[i] - mean[i]) + third[i];
        if (dresidual) std::copy(slopes, slopes + c, dresidual + row * c);
      }
    }
  });
}

}  // namespace graft

GRAFT_AVX2_END
