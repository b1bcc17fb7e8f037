// The nearest rows of a bank, kept for each query while the bank passes by block after block.
#include "Kernels.h"
#include "Parallel.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <vector>

namespace graft {

namespace {

/// One number to order neighbours by: the greater the similarity, the greater; of equal ones the earlier position.
uint64_t keyOf(float similarity, int64_t position) {
  // -0 becomes 0, which it equals.
  similarity += 0.0f;
  uint32_t bits;
  std::memcpy(&bits, &similarity, sizeof bits);
  bits ^= bits >> 31 ? 0xffffffffu : 0x80000000u;
  return uint64_t(bits) << 32 | (0xffffffffu - uint32_t(position));
}

float similarityOf(uint64_t key) {
  uint32_t bits = uint32_t(key >> 32);
  bits ^= bits >> 31 ? 0x80000000u : 0xffffffffu;
  float similarity;
  std::memcpy(&similarity, &bits, sizeof similarity);
  return similarity;
}

/// Puts a key in the place of a heap's least one, which stands first.
void replaceLeast(uint64_t *heap, int64_t count, uint64_t key) {
  int64_t hole = 0;
  for (int64_t child = 1; child < count; child = 2 * hole + 1) {
    child += child + 1 < count && heap[child + 1] < heap[child];
    if (key <= heap[child]) break;
    heap[hole] = heap[child];
    hole = child;
  }
  heap[hole] = key;
}

}  // namespace

void keepNearest(const float *similarities, int64_t count, int64_t position, int64_t k, uint64_t *nearest) {
  int64_t i = 0;
  if (position < k) {
    for (; i < count && position + i < k; i++) nearest[position + i] = keyOf(similarities[i], position + i);
    if (position + i < k) return;
    std::make_heap(nearest, nearest + k, std::greater<uint64_t>());
  }
  float least = similarityOf(nearest[0]);
  constexpr int64_t step = 32;
  while (i < count) {
    const int64_t end = std::min(count, i + step);
    // Few come near enough once the bank's first rows are by: they are looked for many at a time.
    int hits = 0;
    if (end - i == step)
      for (int64_t j = 0; j < step; j++) hits += similarities[i + j] > least;
    else
      for (int64_t j = i; j < end; j++) hits += similarities[j] > least;
    if (hits > 0)
      for (int64_t j = i; j < end; j++)
        // An equally near one comes later than those that are there.
        if (similarities[j] > least) {
          replaceLeast(nearest, k, keyOf(similarities[j], position + j));
          least = similarityOf(nearest[0]);
        }
    i = end;
  }
}

void sortNearest(const uint64_t *nearest, int64_t queries, int64_t k, int64_t count, float *similarities,
                 int32_t *positions) {
  parallelRanges(queries, 64, [&](int64_t begin, int64_t end) {
    std::vector<uint64_t> row(static_cast<size_t>(count));
    for (int64_t query = begin; query < end; query++) {
      std::copy_n(nearest + query * k, count, row.begin());
      std::sort(row.begin(), row.end(), std::greater<uint64_t>());
      for (int64_t i = 0; i < count; i++) {
        similarities[query * count + i] = similarityOf(row[size_t(i)]);
        positions[query * count + i] = int32_t(0xffffffffu - uint32_t(row[size_t(i)]));
      }
    }
  });
}

}  // namespace graft
