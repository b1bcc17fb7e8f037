// Attention within windows of an image of tokens, with a learnt bias by relative position: Liu et al., *Swin Transformer*,
// ICCV 2021 (section 3.2). Windows and their cyclic shift are read straight from the image's rows; nothing is rolled,
// cut or joined. The softmax is computed anew for the gradient, which costs a sixth of it and saves its memory.
#include <algorithm>
#include <cmath>
#include <vector>

#include "Kernels.h"
#include "Panels.h"
#include "Parallel.h"

GRAFT_AVX2_BEGIN

namespace graft {

namespace {

int64_t roundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

/// What all windows share: the bias by head with rows as long as whole vectors, and which tokens see each other where a
/// shifted window holds parts that are no neighbours.
struct Plan {
  const Windows &windows;
  /// Tokens of a window, and that rounded up to whole vectors.
  int64_t t, wide;
  /// [heads][t][wide]; -infinity beyond t.
  std::vector<float> bias;
  /// [4][t][wide]: 0 or -100, for windows at neither, the right, the lower and both edges.
  std::vector<float> masks;

  Plan(const Windows &windows, const float *table) : windows(windows) {
    const int64_t side = windows.side;
    t = side * side;
    wide = roundUp(t, 8);
    bias.assign(size_t(windows.heads * t * wide), -INFINITY);
    for (int64_t i = 0; i < t; i++)
      for (int64_t j = 0; j < t; j++)
        for (int64_t head = 0; head < windows.heads; head++)
          bias[size_t((head * t + i) * wide + j)] = table[windows.tableRow(i, j) * windows.heads + head];
    if (windows.maskShift == 0) return;
    masks.assign(size_t(4 * t * wide), 0.0f);
    const auto part = [&](int64_t position, bool atEdge) { return atEdge && position >= side - windows.maskShift; };
    for (int64_t edge = 1; edge < 4; edge++)
      for (int64_t i = 0; i < t; i++)
        for (int64_t j = 0; j < t; j++) {
          const bool across = part(i % side, edge & 1) != part(j % side, edge & 1) ||
                              part(i / side, edge & 2) != part(j / side, edge & 2);
          // The library's own number, in place of an infinity.
          if (across) masks[size_t((edge * t + i) * wide + j)] = -100.0f;
        }
  }

  const float *mask(int64_t window) const {
    if (masks.empty()) return nullptr;
    const int64_t columns = windows.w / windows.side, rows = windows.h / windows.side;
    const int64_t edge = (window % columns == columns - 1 ? 1 : 0) | (window / columns % rows == rows - 1 ? 2 : 0);
    return edge == 0 ? nullptr : masks.data() + edge * t * wide;
  }

  /// The row of the image's tokens at which each token of a window lies.
  void places(int64_t window, int64_t *out) const {
    const int64_t side = windows.side, columns = windows.w / side, rows = windows.h / side;
    const int64_t left = window % columns * side, top = window / columns % rows * side, image = window / columns / rows;
    for (int64_t i = 0; i < side; i++)
      for (int64_t j = 0; j < side; j++)
        out[i * side + j] = (image * windows.h + (top + i + windows.roll) % windows.h) * windows.w +
                            (left + j + windows.roll) % windows.w;
  }
};

/// A matrix [t][d] of one head, gathered from rows of tokens, in panels [d / 16][t][16] (the last may be half used).
void gatherPanels(const float *from, int64_t stride, const int64_t *places, int64_t t, int64_t d, float factor, float *to) {
  const V scale = _mm256_set1_ps(factor);
  for (int64_t i = 0; i < t; i++) {
    const float *row = from + places[i] * stride;
    for (int64_t c = 0; c < d; c += 8)
      store(to + c / panelColumns * t * panelColumns + i * panelColumns + c % panelColumns,
            _mm256_mul_ps(load(row + c), scale));
  }
}

/// The same, transposed: [d][t] in panels [wide / 16][d][16], zeros beyond t.
void gatherTransposed(const float *from, int64_t stride, const int64_t *places, int64_t t, int64_t wide, int64_t d,
                      float *to) {
  for (int64_t i = 0; i < roundUp(wide, panelColumns); i++) {
    const float *row = i < t ? from + places[i] * stride : nullptr;
    float *out = to + i / panelColumns * d * panelColumns + i % panelColumns;
    for (int64_t c = 0; c < d; c++) out[c * panelColumns] = row ? row[c] : 0.0f;
  }
}

/// The same, dense: [t][d].
void gather(const float *from, int64_t stride, const int64_t *places, int64_t t, int64_t d, float factor, float *to) {
  const V scale = _mm256_set1_ps(factor);
  for (int64_t i = 0; i < t; i++)
    for (int64_t c = 0; c < d; c += 8) store(to + i * d + c, _mm256_mul_ps(load(from + places[i] * stride + c), scale));
}

void scatter(const float *from, int64_t t, int64_t d, const int64_t *places, int64_t stride, float *to) {
  for (int64_t i = 0; i < t; i++)
    for (int64_t c = 0; c < d; c += 8) store(to + places[i] * stride + c, load(from + i * d + c));
}

/// softmax(scores + bias + mask) in place, row by row; all rows have `wide` places, whose last ones the bias empties.
void softmaxRows(float *scores, const float *bias, const float *mask, int64_t t, int64_t wide) {
  for (int64_t i = 0; i < t; i++) {
    float *row = scores + i * wide;
    V top = _mm256_set1_ps(-INFINITY);
    for (int64_t j = 0; j < wide; j += 8) {
      V value = _mm256_add_ps(load(row + j), load(bias + i * wide + j));
      if (mask) value = _mm256_add_ps(value, load(mask + i * wide + j));
      store(row + j, value);
      top = _mm256_max_ps(top, value);
    }
    const V peak = _mm256_set1_ps(largest(top));
    V total = _mm256_setzero_ps();
    for (int64_t j = 0; j < wide; j += 8) {
      const V value = load(row + j);
      // What lies beyond the window counts for nothing at all.
      const V inside = _mm256_cmp_ps(value, _mm256_set1_ps(-INFINITY), _CMP_GT_OQ);
      const V power = _mm256_and_ps(exponential(_mm256_sub_ps(value, peak)), inside);
      store(row + j, power);
      total = _mm256_add_ps(total, power);
    }
    const V inverse = _mm256_set1_ps(1 / sum(total));
    for (int64_t j = 0; j < wide; j += 8) store(row + j, _mm256_mul_ps(load(row + j), inverse));
  }
}

/// The softmax's gradient in place of the slopes: p (slope - sum(p slope)).
void softmaxSlopes(const float *weights, float *slopes, int64_t t, int64_t wide) {
  for (int64_t i = 0; i < t; i++) {
    const float *p = weights + i * wide;
    float *slope = slopes + i * wide;
    V total = _mm256_setzero_ps();
    for (int64_t j = 0; j < wide; j += 8) total = _mm256_fmadd_ps(load(p + j), load(slope + j), total);
    const V along = _mm256_set1_ps(sum(total));
    for (int64_t j = 0; j < wide; j += 8)
      store(slope + j, _mm256_mul_ps(load(p + j), _mm256_sub_ps(load(slope + j), along)));
  }
}

/// Where one window and head are worked on; one a thread.
struct Bench {
  std::vector<int64_t> places;
  std::vector<float> memory;
  float *query, *keys, *values, *weights, *slopes, *gradient, *out;

  Bench(int64_t t, int64_t wide, int64_t d) : places(size_t(t)) {
    const int64_t padded = roundUp(wide, panelColumns), columns = roundUp(d, panelColumns);
    const int64_t matrix = std::max(padded * d, t * columns), square = t * wide;
    memory.assign(size_t(5 * matrix + 2 * square), 0.0f);
    query = memory.data();
    keys = query + matrix;
    values = keys + matrix;
    gradient = values + matrix;
    out = gradient + matrix;
    weights = out + matrix;
    slopes = weights + square;
  }
};

/// The softmax's rows of one window and head, in `bench.weights`.
void attend(const Plan &plan, const float *qkv, int64_t window, int64_t head, Bench &bench) {
  const int64_t d = plan.windows.d, width = plan.windows.heads * d, stride = 3 * width;
  const float *q = qkv + head * d;
  gather(q, stride, bench.places.data(), plan.t, d, 1 / std::sqrt(float(d)), bench.query);
  gatherTransposed(q + width, stride, bench.places.data(), plan.t, plan.wide, d, bench.keys);
  panelProduct(plan.t, plan.wide, d, bench.query, d, 1, bench.keys, d * panelColumns, bench.weights, plan.wide, false);
  softmaxRows(bench.weights, plan.bias.data() + head * plan.t * plan.wide, plan.mask(window), plan.t, plan.wide);
}

}  // namespace

int64_t Windows::tableRow(int64_t i, int64_t j) const {
  const int64_t down = i / side - j / side + side - 1, across = i % side - j % side + side - 1;
  return down * (2 * side - 1) + across;
}

bool windowAttentionFits(const Windows &windows) { return windows.d % 8 == 0; }

void windowAttentionForward(const Windows &windows, const float *qkv, const float *table, float *y) {
  const Plan plan(windows, table);
  const int64_t d = windows.d, width = windows.heads * d, t = plan.t, wide = plan.wide;
  parallelRanges(windows.count(), 4, [&](int64_t begin, int64_t end) {
    Bench bench(t, wide, d);
    for (int64_t window = begin; window < end; window++) {
      plan.places(window, bench.places.data());
      for (int64_t head = 0; head < windows.heads; head++) {
        attend(plan, qkv, window, head, bench);
        gatherPanels(qkv + 2 * width + head * d, 3 * width, bench.places.data(), t, d, 1, bench.values);
        panelProduct(t, d, t, bench.weights, wide, 1, bench.values, t * panelColumns, bench.out, d, false);
        scatter(bench.out, t, d, bench.places.data(), width, y + head * d);
      }
    }
  });
}

void windowAttentionBackward(const Windows &windows, const float *qkv, const float *table, const float *dy, float *dqkv,
                             float *dtable) {
  const Plan plan(windows, table);
  const int64_t d = windows.d, width = windows.heads * d, stride = 3 * width, t = plan.t, wide = plan.wide;
  const float scale = 1 / std::sqrt(float(d));
  // The bias's gradient is summed in so many parts, whatever the number of threads.
  const int64_t pieces = std::min<int64_t>(16, windows.count()), size = windows.heads * t * wide;
  std::vector<float> parts(size_t(pieces * size), 0.0f);
  parallel(pieces, [&](int64_t piece) {
    Bench bench(t, wide, d);
    const int64_t *places = bench.places.data();
    float *sums = parts.data() + piece * size;
    for (int64_t window = windows.count() * piece / pieces; window < windows.count() * (piece + 1) / pieces; window++) {
      plan.places(window, bench.places.data());
      for (int64_t head = 0; head < windows.heads; head++) {
        const float *q = qkv + head * d, *gradient = dy + head * d;
        float *dq = dqkv + head * d;
        attend(plan, qkv, window, head, bench);
        // dv = p^T dy
        gatherPanels(gradient, width, places, t, d, 1, bench.gradient);
        panelProduct(t, d, t, bench.weights, 1, wide, bench.gradient, t * panelColumns, bench.out, d, false);
        scatter(bench.out, t, d, places, stride, dq + 2 * width);
        // dp = dy v^T, then the scores' gradient
        gather(gradient, width, places, t, d, 1, bench.gradient);
        gatherTransposed(q + 2 * width, stride, places, t, wide, d, bench.values);
        panelProduct(t, wide, d, bench.gradient, d, 1, bench.values, d * panelColumns, bench.slopes, wide, false);
        softmaxSlopes(bench.weights, bench.slopes, t, wide);
        float *sum = sums + head * t * wide;
        for (int64_t i = 0; i < t * wide; i += 8) store(sum + i, _mm256_add_ps(load(sum + i), load(bench.slopes + i)));
        // dq = ds k / sqrt(d), dk = ds^T q / sqrt(d)
        gatherPanels(q + width, stride, places, t, d, scale, bench.keys);
        panelProduct(t, d, t, bench.slopes, wide, 1, bench.keys, t * panelColumns, bench.out, d, false);
        scatter(bench.out, t, d, places, stride, dq);
        gatherPanels(q, stride, places, t, d, scale, bench.keys);
        panelProduct(t, d, t, bench.slopes, 1, wide, bench.keys, t * panelColumns, bench.out, d, false);
        scatter(bench.out, t, d, places, stride, dq + width);
      }
    }
  });
  std::vector<double> totals(size_t(windows.tableRows() * windows.heads), 0.0);
  for (int64_t head = 0; head < windows.heads; head++)
    for (int64_t i = 0; i < t; i++)
      for (int64_t j = 0; j < t; j++) {
        double &total = totals[size_t(windows.tableRow(i, j) * windows.heads + head)];
        for (int64_t piece = 0; piece < pieces; piece++)
          total += parts[size_t(piece * size + (head * t + i) * wide + j)];
      }
  for (size_t i = 0; i < totals.size(); i++) dtable[i] = float(totals[i]);
}

}  // namespace graft

GRAFT_AVX2_END
