// Operations on an accelerator recorded once and launched again as one graph, where this libtorch can: from the version that
// names no header of CUDA's for it, or with those headers at hand.
#include <torch/version.h>

#include "Handle.h"

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 10)
#include <ATen/DeviceAccelerator.h>
#if __has_include(<ATen/accelerator/Graph.h>)
#include <ATen/accelerator/Graph.h>
#define GRAFT_RECORDS 1
using Graph = at::accelerator::Graph;
#elif __has_include(<ATen/cuda/CUDAGraph.h>) && __has_include(<cuda_runtime_api.h>) && __has_include(<crt/host_defines.h>)
#include <ATen/cuda/CUDAGraph.h>
#define GRAFT_RECORDS 1
using Graph = at::cuda::CUDAGraph;
#endif
#endif

using namespace graft;

#ifdef GRAFT_RECORDS
#include <c10/core/impl/VirtualGuardImpl.h>

#include <optional>

struct graft_graph {
  Graph graph;
};

struct graft_stream {
  at::Device device;
  c10::DeviceIndex deviceBefore;
  std::optional<c10::Stream> before;
};

extern "C" {

int32_t graft_can_record(const char *device) {
  try {
    return at::Device(device).is_cuda() && torch::cuda::is_available() ? 1 : 0;
  } catch (...) {
    return 0;
  }
}

int32_t graft_stream_enter(const char *device, graft_stream **out) {
  return guarded([&] {
    at::Device place(device);
    if (!place.has_index()) place = at::Device(place.type(), 0);
    auto own = std::make_unique<graft_stream>(graft_stream{place, at::accelerator::getDeviceIndex(), std::nullopt});
    at::accelerator::setDeviceIndex(place.index());
    at::accelerator::synchronizeDevice(place.index());
    own->before = at::accelerator::getCurrentStream(place.index());
    at::accelerator::setCurrentStream(c10::impl::VirtualGuardImpl(place.type()).getNewStream(place));
    *out = own.release();
  });
}

int32_t graft_stream_leave(graft_stream *stream) {
  return guarded([&] {
    const std::unique_ptr<graft_stream> own(stream);
    at::accelerator::setCurrentStream(*own->before);
    at::accelerator::setDeviceIndex(own->deviceBefore);
    at::accelerator::synchronizeDevice(own->device.index());
  });
}

int32_t graft_graph_begin(const graft_graph *neighbour, graft_graph **out) {
  return guarded([&] {
    // What the steps before have left unused is room for what the graph keeps to itself.
    if (!neighbour) at::accelerator::emptyCache();
    auto made = std::make_unique<graft_graph>();
    if (neighbour)
      made->graph.capture_begin(const_cast<graft_graph *>(neighbour)->graph.pool());
    else
      made->graph.capture_begin();
    *out = made.release();
  });
}

int32_t graft_graph_end(graft_graph *graph) {
  return guarded([&] { graph->graph.capture_end(); });
}

int32_t graft_graph_replay(graft_graph *graph) {
  return guarded([&] { graph->graph.replay(); });
}

void graft_graph_free(graft_graph *graph) {
  try {
    delete graph;
  } catch (...) {
    // A graph that the device cannot give back goes with the process.
  }
}

}  // extern "C"

#else

static int32_t refused() { return failed("this libtorch records no operations"); }

extern "C" {

int32_t graft_can_record(const char *) { return 0; }
int32_t graft_stream_enter(const char *, graft_stream **) { return refused(); }
int32_t graft_stream_leave(graft_stream *) { return refused(); }
int32_t graft_graph_begin(const graft_graph *, graft_graph **) { return refused(); }
int32_t graft_graph_end(graft_graph *) { return refused(); }
int32_t graft_graph_replay(graft_graph *) { return refused(); }
void graft_graph_free(graft_graph *) {}

}  // extern "C"

#endif
