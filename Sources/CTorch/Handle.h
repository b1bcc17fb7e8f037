// What the C interface's functions share: the tensor behind a handle, and exceptions turned into statuses.
#pragma once

#include <torch/torch.h>

#include <new>
#include <string>

#include "CTorch.h"

struct graft_tensor {
  at::Tensor value;
};

namespace graft {

/// Leaves the reason of a failure for `graft_error`; returns the status that it amounts to.
int32_t failed(const std::string &reason, bool memory = false);

template <typename Body>
int32_t guarded(Body body) noexcept {
  try {
    body();
    return GRAFT_OK;
  } catch (const c10::Error &error) {
    const std::string reason = error.what_without_backtrace();
    return failed(reason, reason.find("allocate memory") != std::string::npos ||
                              reason.find("out of memory") != std::string::npos);
  } catch (const std::bad_alloc &) {
    return failed("no memory left", true);
  } catch (const std::exception &error) {
    return failed(error.what());
  } catch (...) {
    return failed("an error of no known kind");
  }
}

inline graft_tensor *handle(at::Tensor value) { return new graft_tensor{std::move(value)}; }

inline const float *data(const at::Tensor &tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; }
inline float *room(const at::Tensor &tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; }

inline at::Tensor optional(const graft_tensor *tensor) { return tensor ? tensor->value : at::Tensor(); }

/// The same numbers on a device, which is not waited for: the driver has its own copy of them before this returns. This machine's
/// memory gives back the tensor itself.
inline at::Tensor sent(const at::Tensor &here, const at::Device &device) {
  return here.to(device, here.scalar_type(), /*non_blocking=*/true);
}

/// True where our own kernels run on the tensor: float32 in this machine's memory.
bool ours(const at::Tensor &tensor);

/// What convolutions and products are computed in on this thread.
at::ScalarType productType();

}  // namespace graft
