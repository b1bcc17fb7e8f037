// The mean over squares of 3 x 3, as in an Inception's pooling branches: rows of three are summed first.
#include <algorithm>

#include "Kernels.h"
#include "Parallel.h"
#include "Vector.h"

GRAFT_AVX2_BEGIN

namespace graft {

void boxMean(const Images &images, const float *x, int64_t xPixel, float *y, int64_t c) {
  const int64_t h = images.h, w = images.w;
  parallel(images.n * h, [&](int64_t line) {
    const int64_t row = line % h;
    const float *above = x + (line - 1) * w * xPixel, *here = x + line * w * xPixel, *below = x + (line + 1) * w * xPixel;
    // The sums of a column's three pixels, of the whole line.
    float *sums = threadRoom(w * c);
    for (int64_t column = 0; column < w; column++) {
      float *__restrict sum = sums + column * c;
      const float *__restrict middle = here + column * xPixel;
      const float *__restrict first = row > 0 ? above + column * xPixel : nullptr;
      const float *__restrict last = row + 1 < h ? below + column * xPixel : nullptr;
      if (first && last)
        for (int64_t i = 0; i < c; i++) sum[i] = first[i] + middle[i] + last[i];
      else if (first || last) {
        const float *__restrict other = first ? first : last;
        for (int64_t i = 0; i < c; i++) sum[i] = middle[i] + other[i];
      } else
        std::copy(middle, middle + c, sum);
    }
    for (int64_t column = 0; column < w; column++) {
      float *__restrict out = y + (line * w + column) * c;
      const float *__restrict middle = sums + column * c;
      const float *__restrict left = column > 0 ? middle - c : nullptr;
      const float *__restrict right = column + 1 < w ? middle + c : nullptr;
      constexpr float share = 1.0f / 9;
      if (left && right)
        for (int64_t i = 0; i < c; i++) out[i] = (left[i] + middle[i] + right[i]) * share;
      else if (left || right) {
        const float *__restrict other = left ? left : right;
        for (int64_t i = 0; i < c; i++) out[i] = (middle[i] + other[i]) * share;
      } else
        for (int64_t i = 0; i < c; i++) out[i] = middle[i] * share;
    }
  });
}

}  // namespace graft

GRAFT_AVX2_END
