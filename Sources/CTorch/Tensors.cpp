// The runtime, and tensors in and out.
#include <dlfcn.h>
#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <climits>
#include <memory>
#include <system_error>

#include "Handle.h"
#include "Kernels/Parallel.h"

#ifndef TORCH_VERSION
#include <torch/version.h>
#endif

namespace graft {

namespace {
thread_local std::string lastError;
thread_local bool kernelsWanted = true;
thread_local at::ScalarType productNumbers = at::kFloat;
}  // namespace

int32_t failed(const std::string &reason, bool memory) {
  try {
    lastError = reason;
  } catch (...) {
    lastError.clear();
  }
  return memory ? GRAFT_MEMORY : GRAFT_FAILED;
}

bool ours(const at::Tensor &tensor) {
  return kernelsWanted && kernelsSupported() && tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat;
}

/// The file of the library that a function belongs to.
static const char *fileOf(const void *function) {
  Dl_info place;
  return function != nullptr && dladdr(function, &place) != 0 && place.dli_fname != nullptr ? place.dli_fname : "";
}

at::ScalarType productType() { return productNumbers; }

/// Copies a tensor's values, of the type of `out`, into this machine's memory.
template <typename Number>
static void copyOut(const at::Tensor &value, Number *out, int64_t count) {
  TORCH_CHECK(value.numel() == count, "a tensor of ", value.numel(), " values read as ", count);
  at::NoGradGuard guard;
  at::from_blob(out, value.sizes(), c10::CppTypeToScalarType<Number>::value).copy_(value.detach());
}

}  // namespace graft

using namespace graft;

extern "C" {

const char *graft_error(void) { return lastError.c_str(); }

int32_t graft_set_threads(int32_t count) {
  return guarded([&] {
    // Every step takes and gives back the same memory: the C library is to keep it rather than hand it to the system and
    // have it cleared anew.
    static const bool kept =
        mallopt(M_MMAP_MAX, 0) == 1 && mallopt(M_TRIM_THRESHOLD, INT_MAX) == 1 && mallopt(M_ARENA_MAX, 1) == 1;
    (void)kept;
    at::set_num_threads(count);
    setThreadCount(count);
  });
}

int32_t graft_set_processors(const int32_t *processors, int32_t count) {
  return guarded([&] {
    const int32_t most = *std::max_element(processors, processors + count) + 1;
    const size_t size = CPU_ALLOC_SIZE(most);
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t *)> set(CPU_ALLOC(most), [](cpu_set_t *set) { CPU_FREE(set); });
    if (set == nullptr) throw std::bad_alloc();
    CPU_ZERO_S(size, set.get());
    for (int32_t place = 0; place < count; ++place) CPU_SET_S(processors[place], size, set.get());
    if (sched_setaffinity(0, size, set.get()) != 0) throw std::system_error(errno, std::generic_category(), "sched_setaffinity");
  });
}

const char *graft_version(void) { return TORCH_VERSION; }

const char *graft_blas(void) { return fileOf(dlsym(RTLD_DEFAULT, "sgemm_")); }

const char *graft_products(void) { return fileOf(matrixProductFunction()); }

const char *graft_blas_kernels(void) {
  using Name = const char *(*)(void);
  const auto name = reinterpret_cast<Name>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return name == nullptr ? "" : name();
}

int32_t graft_has_kernels(void) { return kernelsSupported() ? 1 : 0; }

void graft_use_kernels(int32_t enabled) { kernelsWanted = enabled != 0; }

void graft_set_precision(int32_t precision) {
  productNumbers = precision == GRAFT_BFLOAT16 ? at::kBFloat16 : precision == GRAFT_FLOAT16 ? at::kHalf : at::kFloat;
}

int32_t graft_cuda_devices(void) {
  try {
    return torch::cuda::is_available() ? int32_t(torch::cuda::device_count()) : 0;
  } catch (...) {
    return 0;
  }
}

int32_t graft_set_recording(int32_t enabled) {
  const bool before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled != 0);
  return before ? 1 : 0;
}

int32_t graft_tensor_floats(const float *values, const int64_t *shape, int32_t rank, const char *device,
                            graft_tensor **out) {
  return guarded([&] {
    const at::IntArrayRef sizes(shape, size_t(rank));
    auto view = at::from_blob(const_cast<float *>(values), sizes, at::kFloat);
    *out = handle(view.to(at::Device(device), at::kFloat, /*non_blocking=*/true, /*copy=*/true));
  });
}

int32_t graft_tensor_integers(const int64_t *values, int64_t count, const char *device, graft_tensor **out) {
  return guarded([&] {
    auto view = at::from_blob(const_cast<int64_t *>(values), {count}, at::kLong);
    *out = handle(view.to(at::Device(device), at::kLong, /*non_blocking=*/true, /*copy=*/true));
  });
}

void graft_tensor_free(graft_tensor *tensor) { delete tensor; }

int32_t graft_tensor_shape(const graft_tensor *tensor, int64_t *shape, int32_t *rank) {
  return guarded([&] {
    const auto sizes = tensor->value.sizes();
    TORCH_CHECK(sizes.size() <= 8, "a tensor of more than 8 axes");
    std::copy(sizes.begin(), sizes.end(), shape);
    *rank = int32_t(sizes.size());
  });
}

int32_t graft_tensor_read(const graft_tensor *tensor, float *out, int64_t count) {
  return guarded([&] { copyOut(tensor->value, out, count); });
}

int32_t graft_tensor_read_doubles(const graft_tensor *tensor, double *out, int64_t count) {
  return guarded([&] { copyOut(tensor->value, out, count); });
}

int32_t graft_tensor_copy(graft_tensor *tensor, const graft_tensor *from) {
  return guarded([&] {
    TORCH_CHECK(tensor->value.sizes() == from->value.sizes(), "a tensor of shape ", tensor->value.sizes(), " given one of ",
                from->value.sizes());
    at::NoGradGuard guard;
    tensor->value.copy_(from->value);
  });
}

int32_t graft_tensor_clone(const graft_tensor *tensor, graft_tensor **out) {
  return guarded([&] {
    at::NoGradGuard guard;
    *out = handle(tensor->value.detach().clone());
  });
}

int32_t graft_tensor_part(const graft_tensor *row, int64_t first, int64_t count, const int64_t *shape, int32_t rank,
                          graft_tensor **out) {
  return guarded([&] {
    *out = handle(row->value.slice(0, first, first + count).view(at::IntArrayRef(shape, size_t(rank))));
  });
}

int32_t graft_tensor_write(graft_tensor *tensor, const float *values, int64_t count) {
  return guarded([&] {
    TORCH_CHECK(tensor->value.numel() == count, "a tensor of ", tensor->value.numel(), " values given ", count);
    at::NoGradGuard guard;
    tensor->value.copy_(at::from_blob(const_cast<float *>(values), tensor->value.sizes(), at::kFloat), /*non_blocking=*/true);
  });
}

int32_t graft_tensor_channels_last(const graft_tensor *tensor, graft_tensor **out) {
  return guarded([&] {
    at::NoGradGuard guard;
    const auto &value = tensor->value;
    auto copy = at::empty(value.sizes(), value.options(), at::MemoryFormat::ChannelsLast);
    copy.copy_(value.detach());
    *out = handle(copy);
  });
}

int32_t graft_tensor_zeros_like(const graft_tensor *tensor, graft_tensor **out) {
  return guarded([&] {
    at::NoGradGuard guard;
    *out = handle(at::zeros_like(tensor->value.detach(), at::MemoryFormat::Preserve));
  });
}

int32_t graft_tensor_require_gradient(graft_tensor *tensor, int32_t wanted) {
  return guarded([&] { tensor->value.requires_grad_(wanted != 0); });
}

int32_t graft_tensor_gradient(const graft_tensor *tensor, graft_tensor **out) {
  return guarded([&] {
    const auto &gradient = tensor->value.grad();
    *out = handle(gradient.defined() ? gradient.detach() : at::zeros_like(tensor->value.detach()));
  });
}

int32_t graft_tensor_clear_gradient(graft_tensor *tensor) {
  return guarded([&] { tensor->value.mutable_grad() = at::Tensor(); });
}

}  // extern "C"
