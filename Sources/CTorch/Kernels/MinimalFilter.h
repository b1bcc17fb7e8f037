// Minimal filtering in one dimension: `M` outputs of a filter of `R` taps from M + R - 1 products, where the sums that
// define them take M R. Winograd, *Arithmetic Complexity of Computations*, 1980; here by the Toom-Cook construction: inputs,
// weights and outputs are polynomials, known by their values at points, one of them infinity.
//
//   y = A^T [ (G g) * (B^T d) ]      d: M + R - 1 inputs, g: R weights, y: M outputs
//
// All works on vectors of eight channels.
#pragma once

#include "Panels.h"

GRAFT_AVX2_BEGIN

namespace graft {

/// The finite points of a filter with so many products: 0 and pairs +-p. Those usual in textbooks (1, 2, 1/2) lose several
/// times as many digits: for six products Vincent et al., *On Improving the Numerical Stability of Winograd Convolutions*, ICLR
/// workshop 2017, found these; those of ten were found by trying all pairs of a grid in the same way.
template <int products>
constexpr double minimalPair(int pair);
template <>
constexpr double minimalPair<1>(int) { return 0; }
template <>
constexpr double minimalPair<6>(int pair) { return pair == 0 ? 0.625 : 1.5; }
template <>
constexpr double minimalPair<10>(int pair) { return pair == 0 ? 0.375 : pair == 1 ? 0.75 : pair == 2 ? 1.5 : 2.5; }

/// The three matrices. Products are in the order of their points: 0, then +p and -p in turns, then infinity.
template <int M, int R>
struct MinimalFilter {
  static constexpr int outputs = M, taps = R, products = M + R - 1, finite = products - 1;

  float input[products][products], weight[products][R], output[products][M];

  static constexpr double point(int i) {
    if (i == 0) return 0;
    const double p = minimalPair<products>((i - 1) / 2);
    return i % 2 == 1 ? p : -p;
  }

  constexpr MinimalFilter() : input(), weight(), output() {
    for (int i = 0; i < products; i++) {
      // The polynomial that is zero at all finite points but this one; at infinity's place, at all of them.
      double factors[products] = {1}, scale = 1;
      int degree = 0;
      for (int j = 0; j < finite; j++) {
        if (j == i) continue;
        degree++;
        for (int k = degree; k > 0; k--) factors[k] = factors[k - 1] - point(j) * factors[k];
        factors[0] *= -point(j);
        if (i < finite) scale *= point(i) - point(j);
      }
      for (int k = 0; k < products; k++) input[i][k] = float(factors[k]);
      double power = 1;
      for (int k = 0; k < (M > R ? M : R); k++) {
        const double value = i < finite ? power : 0;
        if (k < R) weight[i][k] = float(i < finite ? value / scale : k == R - 1);
        if (k < M) output[i][k] = float(i < finite ? value : k == M - 1);
        power *= point(i);
      }
    }
  }
};

template <int M, int R>
inline constexpr MinimalFilter<M, R> minimalFilter{};

namespace minimal {

inline V plusTimes(V sum, float factor, V v) { return _mm256_fmadd_ps(_mm256_set1_ps(factor), v, sum); }

/// The sum of factor[k] v[k] over every second k; rows of constants, so that what is zero or one costs nothing.
template <int count, int step>
__attribute__((always_inline)) inline V weighted(const float (&factor)[count], int first, const V *v, int64_t distance) {
  V sum = _mm256_setzero_ps();
  bool any = false;
#pragma clang loop unroll(full)
  for (int k = first; k < count; k += step) {
    const float f = factor[k];
    if (f == 0) continue;
    const V value = v[k * distance];
    sum = any ? plusTimes(sum, f, value) : f == 1 ? value : _mm256_mul_ps(_mm256_set1_ps(f), value);
    any = true;
  }
  return sum;
}

/// Values at the points, from `count` coefficients: matrix v. At -p they differ from those at +p by the signs of odd places.
template <int products, int count>
__attribute__((always_inline)) inline void evaluate(const float (&matrix)[products][count], const V *v, int64_t step, V *out,
                                                    int64_t outStep) {
#pragma clang loop unroll(full)
  for (int i = 0; i < products; i++) {
    if (i == 0 || i == products - 1) {
      out[i * outStep] = weighted<count, 1>(matrix[i], 0, v, step);
    } else if (i % 2 == 1) {
      const V even = weighted<count, 2>(matrix[i], 0, v, step), odd = weighted<count, 2>(matrix[i], 1, v, step);
      out[i * outStep] = _mm256_add_ps(even, odd);
      out[(i + 1) * outStep] = _mm256_sub_ps(even, odd);
    }
  }
}

/// The transpose: `count` coefficients, from values at the points.
template <int products, int count>
__attribute__((always_inline)) inline void interpolate(const float (&matrix)[products][count], const V *v, int64_t step, V *out,
                                                       int64_t outStep) {
  constexpr int pairs = products > 2 ? (products - 2) / 2 : 0;
  V sums[pairs + 1], differences[pairs + 1];
#pragma clang loop unroll(full)
  for (int pair = 0; pair < pairs; pair++) {
    const V plus = v[(2 * pair + 1) * step], minus = v[(2 * pair + 2) * step];
    sums[pair] = _mm256_add_ps(plus, minus);
    differences[pair] = _mm256_sub_ps(plus, minus);
  }
#pragma clang loop unroll(full)
  for (int k = 0; k < count; k++) {
    V sum = _mm256_setzero_ps();
    bool any = false;
#pragma clang loop unroll(full)
    for (int i = 0; i < pairs + 2; i++) {
      const int row = i == 0 ? 0 : i <= pairs ? 2 * i - 1 : products - 1;
      if (i > 0 && row == 0) continue;
      const float f = matrix[row][k];
      if (f == 0) continue;
      const V value = i == 0 || i > pairs ? v[row * step] : k % 2 == 0 ? sums[i - 1] : differences[i - 1];
      sum = any ? plusTimes(sum, f, value) : f == 1 ? value : _mm256_mul_ps(_mm256_set1_ps(f), value);
      any = true;
    }
    out[k * outStep] = sum;
  }
}

}  // namespace minimal

/// A filter of rows and one of columns on a rectangle: [rows][columns] of vectors.
template <typename Rows, typename Columns>
struct RectangularFilter {
  static constexpr int rowTaps = Rows::taps, columnTaps = Columns::taps, taps = rowTaps * columnTaps;
  static constexpr int rowOutputs = Rows::outputs, columnOutputs = Columns::outputs, outputs = rowOutputs * columnOutputs;
  static constexpr int rowProducts = Rows::products, columnProducts = Columns::products;
  static constexpr int products = rowProducts * columnProducts;
  static constexpr auto &rows = minimalFilter<Rows::outputs, Rows::taps>;
  static constexpr auto &columns = minimalFilter<Columns::outputs, Columns::taps>;

  /// B^T d B.
  static inline void inputs(const V *d, V *out) {
    V half[products];
    for (int j = 0; j < columnProducts; j++)
      minimal::evaluate(rows.input, d + j, columnProducts, half + j, columnProducts);
    for (int i = 0; i < rowProducts; i++)
      minimal::evaluate(columns.input, half + i * columnProducts, 1, out + i * columnProducts, 1);
  }

  /// G g G^T; taps lie `step` apart.
  static inline void weights(const V *g, int64_t step, V *out) {
    V half[rowProducts * columnTaps];
    for (int j = 0; j < columnTaps; j++)
      minimal::evaluate(rows.weight, g + j * step, columnTaps * step, half + j, columnTaps);
    for (int i = 0; i < rowProducts; i++)
      minimal::evaluate(columns.weight, half + i * columnTaps, 1, out + i * columnProducts, 1);
  }

  /// A^T m A.
  static inline void results(const V *m, V *out) {
    V half[rowOutputs * columnProducts];
    for (int j = 0; j < columnProducts; j++)
      minimal::interpolate(rows.output, m + j, columnProducts, half + j, columnProducts);
    for (int i = 0; i < rowOutputs; i++)
      minimal::interpolate(columns.output, half + i * columnProducts, 1, out + i * columnOutputs, 1);
  }

  /// A y A^T, the adjoint of `results`.
  static inline void slopes(const V *y, V *out) {
    V half[rowProducts * columnOutputs];
    for (int j = 0; j < columnOutputs; j++)
      minimal::evaluate(rows.output, y + j, columnOutputs, half + j, columnOutputs);
    for (int i = 0; i < rowProducts; i++)
      minimal::evaluate(columns.output, half + i * columnOutputs, 1, out + i * columnProducts, 1);
  }

  /// G^T u G, the adjoint of `weights`.
  static inline void weightSlopes(const V *u, V *out) {
    V half[rowTaps * columnProducts];
    for (int j = 0; j < columnProducts; j++)
      minimal::interpolate(rows.weight, u + j, columnProducts, half + j, columnProducts);
    for (int i = 0; i < rowTaps; i++)
      minimal::interpolate(columns.weight, half + i * columnProducts, 1, out + i * columnTaps, 1);
  }
};

}  // namespace graft

GRAFT_AVX2_END
