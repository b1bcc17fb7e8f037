// Products with a weight matrix, cut into panels that threads take one by one, each a call of the BLAS on one thread.
#include "Linear.h"

#include "Kernels.h"
#include "Parallel.h"
#include "Vector.h"

#include <algorithm>
#include <cstring>

GRAFT_AVX2_BEGIN

namespace graft {

void fillRows(float *rows, const float *row, int64_t count, int64_t n) {
  for (int64_t i = 0; i < count; i++) std::memcpy(rows + i * n, row, size_t(n) * sizeof(float));
}

ColumnSums::ColumnSums(int64_t panels, int64_t n) : n(n), parts(size_t(panels * n)) {}

void ColumnSums::add(int64_t panel, const float *rows, int64_t count) {
  double *total = parts.data() + panel * n;
  thread_local std::vector<float> room;
  room.resize(size_t(n));
  float *part = room.data();
  for (int64_t row = 0; row < count; row += 64) {
    std::fill(part, part + n, 0.0f);
    for (int64_t r = row; r < std::min(count, row + 64); r++) {
      const float *values = rows + r * n;
      for (int64_t c = 0; c < n; c++) part[c] += values[c];
    }
    for (int64_t c = 0; c < n; c++) total[c] += part[c];
  }
}

void ColumnSums::write(float *sums) const {
  for (int64_t c = 0; c < n; c++) {
    double total = 0;
    for (size_t place = size_t(c); place < parts.size(); place += size_t(n)) total += parts[place];
    sums[c] = float(total);
  }
}

void linearForward(const float *x, const float *w, const float *bias, float *y, int64_t m, int64_t n, int64_t k) {
  parallelPanels(m, productRows, [&](int64_t, int64_t begin, int64_t end) {
    float *rows = y + begin * n;
    if (bias) fillRows(rows, bias, end - begin, n);
    matrixProduct(false, true, end - begin, n, k, 1, x + begin * k, k, w, k, bias ? 1 : 0, rows, n);
  });
}

void weightGradient(const float *dy, const float *x, float *dw, int64_t m, int64_t n, int64_t k) {
  // Cut along the longer side: what every panel reads whole is then the narrower matrix.
  if (k > n)
    parallelPanels(k, productRows, [&](int64_t, int64_t begin, int64_t end) {
      matrixProduct(true, false, n, end - begin, m, 1, dy, n, x + begin, k, 0, dw + begin, k);
    });
  else
    parallelPanels(n, productRows, [&](int64_t, int64_t begin, int64_t end) {
      matrixProduct(true, false, end - begin, k, m, 1, dy + begin, n, x, k, 0, dw + begin * k, k);
    });
}

void linearBackward(const float *x, const float *w, const float *dy, float *dx, float *dw, float *db, int64_t m,
                    int64_t n, int64_t k) {
  ColumnSums sums(db ? panelCount(m) : 0, n);
  if (dx || db)
    parallelPanels(m, productRows, [&](int64_t panel, int64_t begin, int64_t end) {
      if (db) sums.add(panel, dy + begin * n, end - begin);
      if (dx) matrixProduct(false, false, end - begin, k, n, 1, dy + begin * n, n, w, k, 0, dx + begin * k, k);
    });
  if (db) sums.write(db);
  weightGradient(dy, x, dw, m, n, k);
}

}  // namespace graft

GRAFT_AVX2_END
