// Work shared out over the OpenMP runtime that libtorch has loaded, so that one pool of threads does everything.
#pragma once

#include <cstdint>

namespace graft {

/// True where the processor has AVX2 and FMA and a BLAS was found: what our kernels need.
bool kernelsSupported();

int threadCount();
void setThreadCount(int count);

/// Calls `body(context, index)` for every index below `count`, over the threads. Which thread does which index has no
/// influence on results: bodies write to places of their own.
void parallelIndices(int64_t count, void (*body)(void *context, int64_t index), void *context);

template <typename Body>
void parallel(int64_t count, Body body) {
  parallelIndices(
      count, [](void *context, int64_t index) { (*static_cast<Body *>(context))(index); }, &body);
}

/// Cuts 0..<size into pieces of at most `grain` and calls `body(begin, end)` for each.
template <typename Body>
void parallelRanges(int64_t size, int64_t grain, Body body) {
  parallel((size + grain - 1) / grain, [&](int64_t piece) {
    const int64_t begin = piece * grain;
    body(begin, begin + grain < size ? begin + grain : size);
  });
}

/// Rows of a product that give the BLAS enough to reach its speed.
constexpr int64_t productRows = 512;

/// Into how many panels of at most so many rows work is cut: the same whatever the number of threads, and by fours, so that two
/// or four threads end together.
int64_t panelCount(int64_t rows, int64_t most = productRows);

/// Calls `body(panel, begin, end)` for the panels of 0..<rows.
template <typename Body>
void parallelPanels(int64_t rows, int64_t most, Body body) {
  const int64_t count = panelCount(rows, most);
  parallel(count, [&](int64_t panel) { body(panel, rows * panel / count, rows * (panel + 1) / count); });
}

/// Room of so many floats for the calling thread to work in, until it asks again. It lies beside the heap, which memory that comes
/// and goes in changing sizes would leave full of holes.
float *threadRoom(int64_t count);

/// C = alpha op(A) op(B) + beta C, row-major, on the calling thread alone.
void matrixProduct(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                   int64_t strideA, const float *b, int64_t strideB, float beta, float *c, int64_t strideC);

/// The library function behind it; null where there is none.
const void *matrixProductFunction();

}  // namespace graft
