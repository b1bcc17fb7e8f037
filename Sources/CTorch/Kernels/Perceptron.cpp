// The perceptron of a transformer's block, a panel of rows at a time: what lies between its two products stays in the cache,
// and of it only the first product is kept for the gradient.
#include "Gelu.h"
#include "Kernels.h"
#include "Linear.h"
#include "Parallel.h"

GRAFT_AVX2_BEGIN

namespace graft {

namespace {

/// g = gelu(h), and dh, the gradient of g, becomes that of h.
void activateBackward(const float *h, float *g, float *dh, int64_t count) {
  const auto both = [](__m256 x, __m256 slope, __m256 &value) {
    const GeluNormal n = geluNormal(x);
    value = gelu(x, n);
    return _mm256_mul_ps(slope, geluSlope(x, n));
  };
  eights(
      count,
      [&](int64_t i) {
        __m256 value;
        _mm256_storeu_ps(dh + i, both(_mm256_loadu_ps(h + i), _mm256_loadu_ps(dh + i), value));
        _mm256_storeu_ps(g + i, value);
      },
      [&](int64_t i, __m256i places) {
        __m256 value;
        _mm256_maskstore_ps(
            dh + i, places, both(_mm256_maskload_ps(h + i, places), _mm256_maskload_ps(dh + i, places), value));
        _mm256_maskstore_ps(g + i, places, value);
      });
}

}  // namespace

void perceptronForward(const PerceptronShape &shape, const float *x, const float *w1, const float *b1, const float *w2,
                       const float *b2, float *h, float *y) {
  const auto [m, k, n, out] = shape;
  parallelPanels(m, productRows, [&, k = k, n = n, out = out](int64_t, int64_t begin, int64_t end) {
    const int64_t rows = end - begin;
    float *inner = threadRoom(rows * n), *before = h + begin * n, *after = y + begin * out;
    fillRows(before, b1, rows, n);
    matrixProduct(false, true, rows, n, k, 1, x + begin * k, k, w1, k, 1, before, n);
    geluValues(before, inner, rows * n);
    fillRows(after, b2, rows, out);
    matrixProduct(false, true, rows, out, n, 1, inner, n, w2, n, 1, after, out);
  });
}

void perceptronBackward(const PerceptronShape &shape, const float *x, const float *h, const float *w1, const float *w2,
                        const float *dy, float *dx, float *dw1, float *db1, float *dw2, float *db2, float *g, float *dh) {
  const auto [m, k, n, out] = shape;
  ColumnSums first(panelCount(m), n), second(panelCount(m), out);
  parallelPanels(m, productRows, [&, k = k, n = n, out = out](int64_t panel, int64_t begin, int64_t end) {
    const int64_t rows = end - begin;
    const float *slopes = dy + begin * out;
    float *slope = dh + begin * n;
    second.add(panel, slopes, rows);
    matrixProduct(false, false, rows, n, out, 1, slopes, out, w2, n, 0, slope, n);
    activateBackward(h + begin * n, g + begin * n, slope, rows * n);
    first.add(panel, slope, rows);
    if (dx) matrixProduct(false, false, rows, k, n, 1, slope, n, w1, k, 0, dx + begin * k, k);
  });
  first.write(db1);
  second.write(db2);
  weightGradient(dh, x, dw1, m, n, k);
  weightGradient(dy, g, dw2, m, out, n);
}

}  // namespace graft

GRAFT_AVX2_END
