// Products of small matrices on one thread, the right-hand one in panels: what the BLAS spends more time beginning than
// doing.
#pragma once

#include "Vector.h"

GRAFT_AVX2_BEGIN

namespace graft {

/// Columns of a panel of the right-hand matrix: two vectors.
constexpr int64_t panelColumns = 16;

using V = __m256;
static inline V load(const float *p) { return _mm256_loadu_ps(p); }
static inline void store(float *p, V v) { _mm256_storeu_ps(p, v); }

/// `rows` rows of C, 8 `vectors` columns: C (+)= A B, the right-hand panel dense, the left-hand matrix at any two strides.
template <int rows, int vectors>
static inline void panelRows(int64_t k, const float *a, int64_t aRow, int64_t aStep, const float *b, float *c,
                             int64_t cRow, bool accumulate) {
  V sums[rows][vectors];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++) sums[r][v] = accumulate ? load(c + r * cRow + 8 * v) : _mm256_setzero_ps();
  for (int64_t i = 0; i < k; i++) {
    V right[vectors];
    for (int v = 0; v < vectors; v++) right[v] = load(b + i * panelColumns + 8 * v);
    for (int r = 0; r < rows; r++) {
      const V value = _mm256_broadcast_ss(a + r * aRow + i * aStep);
      for (int v = 0; v < vectors; v++) sums[r][v] = _mm256_fmadd_ps(value, right[v], sums[r][v]);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++) store(c + r * cRow + 8 * v, sums[r][v]);
}

/// One panel's columns of C, all m rows.
template <int vectors>
static inline void panelColumn(int64_t m, int64_t k, const float *a, int64_t aRow, int64_t aStep, const float *b,
                               float *c, int64_t cRow, bool accumulate) {
  int64_t row = 0;
  for (; row + 6 <= m; row += 6)
    panelRows<6, vectors>(k, a + row * aRow, aRow, aStep, b, c + row * cRow, cRow, accumulate);
  a += row * aRow;
  c += row * cRow;
  switch (m - row) {
    case 1: panelRows<1, vectors>(k, a, aRow, aStep, b, c, cRow, accumulate); break;
    case 2: panelRows<2, vectors>(k, a, aRow, aStep, b, c, cRow, accumulate); break;
    case 3: panelRows<3, vectors>(k, a, aRow, aStep, b, c, cRow, accumulate); break;
    case 4: panelRows<4, vectors>(k, a, aRow, aStep, b, c, cRow, accumulate); break;
    case 5: panelRows<5, vectors>(k, a, aRow, aStep, b, c, cRow, accumulate); break;
    default: break;
  }
}

/// C[m][n] (+)= A[m][k] B[k][n], B in panels [n / 16][k][16] that lie `bPanel` apart; n a multiple of 8 (the last panel's
/// right half is left alone where it is none of 16). C's rows must have room for n columns.
static inline void panelProduct(int64_t m, int64_t n, int64_t k, const float *a, int64_t aRow, int64_t aStep,
                                const float *b, int64_t bPanel, float *c, int64_t cRow, bool accumulate) {
  int64_t column = 0;
  for (; column + panelColumns <= n; column += panelColumns)
    panelColumn<2>(m, k, a, aRow, aStep, b + column / panelColumns * bPanel, c + column, cRow, accumulate);
  if (column < n)
    panelColumn<1>(m, k, a, aRow, aStep, b + column / panelColumns * bPanel, c + column, cRow, accumulate);
}

}  // namespace graft

GRAFT_AVX2_END
