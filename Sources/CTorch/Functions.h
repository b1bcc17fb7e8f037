// What operations with gradients of our own have in common.
#pragma once

#include "Handle.h"
#include "Kernels/Kernels.h"

namespace graft {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

inline const float *data(const at::Tensor &tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; }
inline float *room(const at::Tensor &tensor) { return tensor.defined() ? tensor.data_ptr<float>() : nullptr; }

inline at::Tensor channelsLast(const at::Tensor &x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

}  // namespace graft
