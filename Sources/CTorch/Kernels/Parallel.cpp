#include "Parallel.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <new>

namespace graft {

namespace {

using Region = void (*)(void *);

// The runtime and the BLAS are found among what libtorch has loaded: linking either here could bring in a second one.
struct Loaded {
  void (*parallel)(Region, void *, unsigned, unsigned);
  int (*threadNumber)();
  int (*teamSize)();
  int (*inParallel)();
  void (*setThreads)(int);
  // BLAS's sgemm: the name that every BLAS has, OpenBLAS and the MKL inside PyTorch's own libraries alike.
  void (*product)(const char *, const char *, const int *, const int *, const int *, const float *, const float *,
                  const int *, const float *, const int *, const float *, float *, const int *);
  void (*setBlasThreads)(int);
  // oneDNN's, which counts by rows; null where libtorch keeps its oneDNN to itself.
  int (*rowProduct)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t, float,
                    float *, int64_t);
};

template <typename Function>
void find(Function &function, const char *name) {
  function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

const Loaded &loaded() {
  static const Loaded found = [] {
    Loaded loaded;
    find(loaded.parallel, "GOMP_parallel");
    find(loaded.threadNumber, "omp_get_thread_num");
    find(loaded.teamSize, "omp_get_num_threads");
    find(loaded.inParallel, "omp_in_parallel");
    find(loaded.setThreads, "omp_set_num_threads");
    find(loaded.product, "sgemm_");
    find(loaded.setBlasThreads, "openblas_set_num_threads");
    find(loaded.rowProduct, "dnnl_sgemm");
    return loaded;
  }();
  return found;
}

thread_local int threads = 1;

struct Team {
  int64_t count;
  void (*body)(void *, int64_t);
  void *context;
  std::atomic<int64_t> next{0};
};

}  // namespace

bool kernelsSupported() {
  static const bool supported =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && loaded().product != nullptr;
  return supported;
}

int threadCount() { return threads; }

void setThreadCount(int count) {
  threads = count < 1 ? 1 : count;
  if (loaded().setThreads) loaded().setThreads(threads);
  // Our kernels call the BLAS from several threads at once, each for a product of its own.
  if (loaded().setBlasThreads) loaded().setBlasThreads(1);
}

void parallelIndices(int64_t count, void (*body)(void *context, int64_t index), void *context) {
  const auto &runtime = loaded();
  if (count <= 1 || threads == 1 || !runtime.parallel || (runtime.inParallel && runtime.inParallel())) {
    for (int64_t index = 0; index < count; index++) body(context, index);
    return;
  }
  Team team;
  team.count = count;
  team.body = body;
  team.context = context;
  runtime.parallel(
      [](void *pointer) {
        auto &team = *static_cast<Team *>(pointer);
        for (int64_t index; (index = team.next.fetch_add(1, std::memory_order_relaxed)) < team.count;)
          team.body(team.context, index);
      },
      &team, unsigned(threads < count ? threads : count), 0);
}

float *threadRoom(int64_t count) {
  struct Room {
    void *place = nullptr;
    size_t bytes = 0;
    ~Room() { release(); }
    void release() {
      if (place) munmap(place, bytes);
      place = nullptr;
      bytes = 0;
    }
  };
  thread_local Room room;
  const size_t wanted = size_t(count) * sizeof(float);
  if (wanted > room.bytes) {
    room.release();
    void *place = mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) throw std::bad_alloc();
    room.place = place;
    room.bytes = wanted;
  }
  return static_cast<float *>(room.place);
}

int64_t panelCount(int64_t rows, int64_t most) {
  const int64_t count = (rows + most - 1) / most;
  return std::min(rows, count <= 2 ? 2 : (count + 3) / 4 * 4);
}

const void *matrixProductFunction() {
  return loaded().rowProduct ? reinterpret_cast<const void *>(loaded().rowProduct)
                             : reinterpret_cast<const void *>(loaded().product);
}

void matrixProduct(bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                   int64_t strideA, const float *b, int64_t strideB, float beta, float *c, int64_t strideC) {
  // oneDNN's is the faster one. It works on the calling thread alone within a team; outside of one it would cut sums by threads.
  if (loaded().rowProduct && (threads == 1 || (loaded().inParallel && loaded().inParallel()))) {
    loaded().rowProduct(transposeA ? 'T' : 'N', transposeB ? 'T' : 'N', m, n, k, alpha, a, strideA, b, strideB, beta, c,
                        strideC);
    return;
  }
  // BLAS counts by columns: what it takes for B^T A^T = C^T is our A B = C.
  const int rows = int(n), columns = int(m), depth = int(k);
  const int strides[] = {int(strideA), int(strideB), int(strideC)};
  loaded().product(transposeB ? "T" : "N", transposeA ? "T" : "N", &rows, &columns, &depth, &alpha, b, &strides[1], a,
                   &strides[0], &beta, c, &strides[2]);
}

}  // namespace graft
