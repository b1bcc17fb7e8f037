// Products with a weight matrix, cut into panels that threads take one by one, each a call of the BLAS on one thread.
#include "Kernels.h"
#include "Parallel.h"
#include "Vector.h"

#include <algorithm>
#include <cstring>
#include <vector>

GRAFT_AVX2_BEGIN

namespace graft {

namespace {

// Rows that a panel has at most: enough for the BLAS to reach its speed. Panels are the same whatever the number of threads,
// and come by fours so that two or four of them end together.
constexpr int64_t panelRows = 512;

int64_t panels(int64_t rows) {
  const int64_t count = (rows + panelRows - 1) / panelRows;
  return count <= 2 ? 2 : (count + 3) / 4 * 4;
}

template <typename Body>
void parallelPanels(int64_t rows, Body body) {
  const int64_t count = std::min<int64_t>(panels(rows), rows);
  parallel(count, [&](int64_t panel) { body(rows * panel / count, rows * (panel + 1) / count); });
}

void columnSums(const float *x, float *sums, int64_t m, int64_t n) {
  constexpr int64_t width = 64;
  parallelRanges(n, width, [&](int64_t begin, int64_t end) {
    const int64_t columns = end - begin;
    double total[width] = {};
    float part[width];
    for (int64_t row = 0; row < m; row += 64) {
      std::fill(part, part + columns, 0.0f);
      for (int64_t r = row; r < std::min(m, row + 64); r++) {
        const float *values = x + r * n + begin;
        for (int64_t c = 0; c < columns; c++) part[c] += values[c];
      }
      for (int64_t c = 0; c < columns; c++) total[c] += part[c];
    }
    for (int64_t c = 0; c < columns; c++) sums[begin + c] = float(total[c]);
  });
}

}  // namespace

void linearForward(const float *x, const float *w, const float *bias, float *y, int64_t m, int64_t n, int64_t k) {
  parallelPanels(m, [&](int64_t begin, int64_t end) {
    float *rows = y + begin * n;
    if (bias)
      for (int64_t row = 0; row < end - begin; row++) std::memcpy(rows + row * n, bias, size_t(n) * sizeof(float));
    matrixProduct(false, true, end - begin, n, k, 1, x + begin * k, k, w, k, bias ? 1 : 0, rows, n);
  });
}

void linearInputGradient(const float *dy, const float *w, float *dx, int64_t m, int64_t n, int64_t k) {
  parallelPanels(m, [&](int64_t begin, int64_t end) {
    matrixProduct(false, false, end - begin, k, n, 1, dy + begin * n, n, w, k, 0, dx + begin * k, k);
  });
}

void linearWeightGradient(const float *dy, const float *x, float *dw, float *db, int64_t m, int64_t n, int64_t k) {
  parallelPanels(n, [&](int64_t begin, int64_t end) {
    matrixProduct(true, false, end - begin, k, m, 1, dy + begin, n, x, k, 0, dw + begin * k, k);
  });
  if (db) columnSums(dy, db, m, n);
}

}  // namespace graft

GRAFT_AVX2_END
