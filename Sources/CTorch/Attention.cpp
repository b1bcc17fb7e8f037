// Attention, with gradients: our own kernels on float32 in this machine's memory, libtorch's operators anywhere else.
#include <torch/version.h>

#include <map>
#include <tuple>

#include "Functions.h"

namespace graft {

namespace {

struct Attention : Function<Attention> {
  static at::Tensor forward(AutogradContext *context, at::Tensor qkv, int64_t heads) {
    qkv = qkv.contiguous();
    const int64_t n = qkv.size(0), t = qkv.size(1), width = qkv.size(2) / 3;
    auto weights = at::empty({n, heads, t, t}, qkv.options()), y = at::empty({n, t, width}, qkv.options());
    attentionForward(data(qkv), room(weights), room(y), n, t, heads, width / heads);
    context->save_for_backward({qkv, weights});
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list slopes) {
    const auto saved = context->get_saved_variables();
    const auto &qkv = saved[0], &weights = saved[1];
    const auto dy = slopes[0].contiguous();
    auto dqkv = at::empty_like(qkv);
    const int64_t heads = weights.size(1);
    attentionBackward(data(qkv), data(weights), data(dy), room(dqkv), qkv.size(0), qkv.size(1), heads,
                      qkv.size(2) / 3 / heads);
    return {dqkv, at::Tensor()};
  }
};

struct WindowAttention : Function<WindowAttention> {
  static at::Tensor forward(AutogradContext *context, at::Tensor qkv, at::Tensor table, Windows windows) {
    qkv = qkv.contiguous();
    table = table.contiguous();
    context->save_for_backward({qkv, table});
    context->saved_data["windows"] = std::vector<int64_t>{windows.side, windows.roll, windows.maskShift};
    auto y = at::empty({windows.n, windows.h, windows.w, windows.heads * windows.d}, qkv.options());
    windowAttentionForward(windows, data(qkv), data(table), room(y));
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list slopes) {
    const auto saved = context->get_saved_variables();
    const auto &qkv = saved[0], &table = saved[1];
    const auto sizes = context->saved_data["windows"].toIntVector();
    const auto windows = windowsOf(qkv, table, sizes[0], sizes[1], sizes[2]);
    const auto dy = slopes[0].contiguous();
    auto dqkv = at::empty_like(qkv), dtable = at::empty_like(table);
    windowAttentionBackward(windows, data(qkv), data(table), data(dy), room(dqkv), room(dtable));
    return {dqkv, dtable, at::Tensor()};
  }

  static Windows windowsOf(const at::Tensor &qkv, const at::Tensor &table, int64_t side, int64_t roll, int64_t mask) {
    const int64_t heads = table.size(1);
    return {qkv.size(0), qkv.size(1), qkv.size(2), heads, qkv.size(3) / 3 / heads, side, roll, mask};
  }
};

/// softmax(q k^T / sqrt(d) + bias) v for [n, heads, t, d], in the numbers that products are computed in; the softmax is
/// float32. `bias`, where defined, is added to the scores of every image: [heads, t, t].
at::Tensor attend(at::Tensor q, at::Tensor k, at::Tensor v, at::Tensor bias) {
  const bool isLow = lowered(q);
  if (isLow) q = low(q), k = low(k), v = low(v);
#if TORCH_VERSION_MAJOR >= 2
  // One fused kernel where the device has one for these shapes; libtorch chooses.
  const auto mixed = bias.defined()
                         ? at::scaled_dot_product_attention(
                               q, k, v, bias.to(q.scalar_type()).unsqueeze(0).expand({q.size(0), -1, -1, -1}))
                         : at::scaled_dot_product_attention(q, k, v);
#else
  auto scores = at::matmul(q * (1 / std::sqrt(double(q.size(-1)))), k.transpose(-2, -1)).to(at::kFloat);
  if (bias.defined()) scores = scores + bias;
  const auto weights = at::softmax(scores, -1);
  const auto mixed = at::matmul(isLow ? low(weights) : weights, v);
#endif
  return isLow ? mixed.to(at::kFloat) : mixed;
}

/// Where the tokens of windows stand to each other: made once for each kind of windows and device, so that a step sends nothing
/// of it there.
struct WindowGrid {
  /// The row of the table for each pair of a window's tokens: [t t].
  at::Tensor places;
  /// -100 for two tokens that a shift has joined over the image's edges, else 0: [windows, 1, t, t]; undefined without a shift.
  at::Tensor across;

  static const WindowGrid &of(const Windows &windows, const at::TensorOptions &options) {
    using Key = std::tuple<int64_t, int64_t, int64_t, int64_t, std::string>;
    // Never taken apart: a device may be gone before this thread is.
    static thread_local auto &made = *new std::map<Key, WindowGrid>;
    auto &grid = made[{windows.h, windows.w, windows.side, windows.maskShift, options.device().str()}];
    if (!grid.places.defined()) grid = WindowGrid(windows, options);
    return grid;
  }

  WindowGrid() = default;

 private:
  WindowGrid(const Windows &windows, const at::TensorOptions &options) {
    const int64_t side = windows.side, rows = windows.h / side, columns = windows.w / side, t = side * side;
    std::vector<int64_t> index(size_t(t * t));
    for (int64_t i = 0; i < t; i++)
      for (int64_t j = 0; j < t; j++) index[size_t(i * t + j)] = windows.tableRow(i, j);
    places = at::tensor(index, options.dtype(at::kLong));
    if (windows.maskShift == 0) return;
    const auto part = [&](int64_t size) {
      auto numbers = at::zeros({size}, options);
      numbers.slice(0, size - side, size - windows.maskShift).fill_(1);
      numbers.slice(0, size - windows.maskShift, size).fill_(2);
      return numbers;
    };
    const auto region = (part(windows.h).unsqueeze(1) * 3 + part(windows.w).unsqueeze(0))
                            .reshape({rows, side, columns, side})
                            .permute({0, 2, 1, 3})
                            .reshape({rows * columns, t});
    across = ((region.unsqueeze(1) != region.unsqueeze(2)).to(options.dtype()) * -100.0).unsqueeze(1);
  }
};

/// Attention within windows by libtorch's operators; the windows of an image stand where its heads stand otherwise.
at::Tensor windowAttention(at::Tensor qkv, const at::Tensor &table, const Windows &windows) {
  const int64_t side = windows.side, rows = windows.h / side, columns = windows.w / side, t = side * side;
  const int64_t count = rows * columns, heads = windows.heads;
  const auto options = qkv.options();
  if (windows.roll != 0) qkv = at::roll(qkv, {-windows.roll, -windows.roll}, {1, 2});
  const auto parts = qkv.reshape({windows.n, rows, side, columns, side, 3, heads, windows.d})
                         .permute({5, 0, 1, 3, 6, 2, 4, 7})
                         .reshape({3, windows.n, count * heads, t, windows.d})
                         .unbind(0);
  const auto &grid = WindowGrid::of(windows, options);
  auto bias =
      table.index_select(0, grid.places).reshape({1, t, t, heads}).permute({0, 3, 1, 2}).expand({count, -1, -1, -1});
  if (grid.across.defined()) bias = bias + grid.across;
  auto y = attend(parts[0], parts[1], parts[2], bias.reshape({count * heads, t, t}))
               .reshape({windows.n, rows, columns, heads, side, side, windows.d})
               .permute({0, 1, 4, 2, 5, 3, 6})
               .reshape({windows.n, windows.h, windows.w, heads * windows.d});
  return windows.roll == 0 ? y : at::roll(y, {windows.roll, windows.roll}, {1, 2});
}

}  // namespace

}  // namespace graft

using namespace graft;

extern "C" {

int32_t graft_attention(const graft_tensor *qkv, int64_t heads, graft_tensor **out) {
  return guarded([&] {
    const auto &value = qkv->value;
    TORCH_CHECK(value.dim() == 3 && heads > 0 && value.size(2) % (3 * heads) == 0, "attention of ", heads,
                " heads on a projection of shape ", value.sizes());
    if (ours(value) && !lowered(value)) {
      *out = handle(Attention::apply(value, heads));
      return;
    }
    const int64_t n = value.size(0), t = value.size(1), d = value.size(2) / (3 * heads);
    const auto parts = value.reshape({n, t, 3, heads, d}).permute({2, 0, 3, 1, 4}).unbind(0);
    *out = handle(attend(parts[0], parts[1], parts[2], at::Tensor()).transpose(1, 2).reshape({n, t, heads * d}));
  });
}

int32_t graft_window_attention(const graft_tensor *qkv, const graft_tensor *table, int64_t side, int64_t roll,
                               int64_t mask_shift, graft_tensor **out) {
  return guarded([&] {
    const auto &value = qkv->value, &bias = table->value;
    TORCH_CHECK(value.dim() == 4 && bias.dim() == 2 && side > 0 && value.size(3) % (3 * bias.size(1)) == 0 &&
                    value.size(1) % side == 0 && value.size(2) % side == 0 &&
                    bias.size(0) == (2 * side - 1) * (2 * side - 1) && roll >= 0 && mask_shift >= 0 && mask_shift < side,
                "windows of ", side, " on a projection of shape ", value.sizes(), " with a bias of shape ", bias.sizes());
    const auto windows = WindowAttention::windowsOf(value, bias, side, roll, mask_shift);
    *out = handle(ours(value) && windowAttentionFits(windows) ? WindowAttention::apply(value, bias, windows)
                                                              : windowAttention(value, bias, windows));
  });
}

}  // extern "C"
