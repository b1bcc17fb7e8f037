// What operations with gradients of our own have in common.
#pragma once

#include "Handle.h"
#include "Kernels/Kernels.h"

namespace graft {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/// Whether a convolution or product is computed in fewer bits than its float32 operands have.
inline bool lowered(const at::Tensor &x) { return productType() != at::kFloat && x.scalar_type() == at::kFloat; }
inline at::Tensor low(const at::Tensor &x) { return x.defined() ? x.to(productType()) : x; }

inline at::Tensor channelsLast(const at::Tensor &x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

}  // namespace graft
