// The memory of accelerators, as libtorch tells it from version 2.10 on, whatever the accelerator: no header of CUDA's is needed.
#include <torch/version.h>

#include "Handle.h"

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 10)
#include <ATen/DeviceAccelerator.h>
#define GRAFT_TELLS_MEMORY 1
#else
#define GRAFT_TELLS_MEMORY 0
#endif

using namespace graft;

#if GRAFT_TELLS_MEMORY
namespace {

/// The device's index; -1 for the CPU.
c10::DeviceIndex accelerator(const char *device) {
  const at::Device place(device);
  if (place.is_cpu()) return -1;
  return place.has_index() ? place.index() : c10::DeviceIndex(0);
}

}  // namespace
#endif

int32_t graft_device_memory(const char *device, graft_memory *out) {
  return guarded([&] {
    *out = {-1, -1, -1};
#if GRAFT_TELLS_MEMORY
    const auto index = accelerator(device);
    if (index < 0) return;
    const auto [available, total] = at::accelerator::getMemoryInfo(index);
    const auto stats = at::accelerator::getDeviceStats(index);
    const auto reserved = stats.reserved_bytes[size_t(c10::CachingAllocator::StatType::AGGREGATE)];
    *out = {int64_t(available), int64_t(total), int64_t(reserved.peak)};
#else
    (void)device;
#endif
  });
}

int32_t graft_device_memory_anew(const char *device) {
  return guarded([&] {
#if GRAFT_TELLS_MEMORY
    const auto index = accelerator(device);
    if (index < 0) return;
    at::accelerator::emptyCache();
    at::accelerator::resetPeakStats(index);
#else
    (void)device;
#endif
  });
}
