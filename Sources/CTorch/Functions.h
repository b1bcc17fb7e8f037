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

/// How far the pixels of images lie apart whose channels lie together and whose pixels lie in order, as those of dense images or
/// of some of their channels do; 0 for others.
inline int64_t pixelDistance(const at::Tensor &x) {
  const int64_t distance = x.size(3) > 1 ? x.stride(3) : x.size(2) > 1 ? x.stride(2) : x.size(1);
  const bool inOrder = (x.size(1) == 1 || x.stride(1) == 1) && (x.size(2) == 1 || x.stride(2) == x.size(3) * distance) &&
                       (x.size(0) == 1 || x.stride(0) == x.size(2) * x.size(3) * distance);
  return inOrder && distance >= x.size(1) ? distance : 0;
}

inline at::Tensor channelsLast(const at::Tensor &x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

}  // namespace graft
