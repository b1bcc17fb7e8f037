// The parts of products with a weight matrix.
#pragma once

#include <cstdint>
#include <vector>

namespace graft {

/// `count` rows of n values, each a copy of `row`.
void fillRows(float *rows, const float *row, int64_t count, int64_t n);

/// dw[n, k] = dy[m, n]^T x[m, k].
void weightGradient(const float *dy, const float *x, float *dw, int64_t m, int64_t n, int64_t k);

/// Sums of columns, gathered panel by panel while a panel's rows are in the cache.
class ColumnSums {
 public:
  ColumnSums(int64_t panels, int64_t n);

  /// Adds a panel's rows; panels may be added at once.
  void add(int64_t panel, const float *rows, int64_t count);
  void write(float *sums) const;

 private:
  int64_t n;
  std::vector<double> parts;
};

}  // namespace graft
