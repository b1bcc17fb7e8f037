// Gram matrices of centred rows: two numbers an image pair from hundreds of thousands an image.
#include "Kernels.h"
#include "Parallel.h"
#include "Vector.h"

#include <algorithm>
#include <vector>

GRAFT_AVX2_BEGIN

namespace graft {

void centredGram(const float *x, double *gram, int64_t n, int64_t p) {
  // So many columns at a time that they and their centred copy stay in the cache; their products are added in float64,
  // so that precision does not suffer from the number of columns.
  constexpr int64_t width = 1024, mostPanels = 16;
  const int64_t pieces = (p + width - 1) / width, panels = std::min(pieces, mostPanels), size = n * n;
  std::vector<double> parts(size_t(panels * size), 0.0);
  parallel(panels, [&](int64_t panel) {
    double *part = parts.data() + panel * size;
    std::vector<double> means(static_cast<size_t>(width));
    float *centred = threadRoom(n * width + size), *product = centred + n * width;
    for (int64_t piece = pieces * panel / panels; piece < pieces * (panel + 1) / panels; piece++) {
      const int64_t first = piece * width, w = std::min(width, p - first);
      std::fill(means.begin(), means.end(), 0.0);
      for (int64_t row = 0; row < n; row++)
        for (int64_t i = 0; i < w; i++) means[size_t(i)] += x[row * p + first + i];
      for (int64_t i = 0; i < w; i++) means[size_t(i)] /= double(n);
      for (int64_t row = 0; row < n; row++)
        for (int64_t i = 0; i < w; i++) centred[row * w + i] = float(x[row * p + first + i] - means[size_t(i)]);
      matrixProduct(false, true, n, n, w, 1, centred, w, centred, w, 0, product, n);
      for (int64_t i = 0; i < size; i++) part[i] += product[i];
    }
  });
  std::fill(gram, gram + size, 0.0);
  for (int64_t panel = 0; panel < panels; panel++)
    for (int64_t i = 0; i < size; i++) gram[i] += parts[size_t(panel * size + i)];
}

}  // namespace graft

GRAFT_AVX2_END
