// Operations on tokens and logits, with gradients: our own kernels on float32 in this machine's memory, libtorch's
// operators anywhere else.
#include <torch/version.h>

#include "Functions.h"

namespace graft {

namespace {

struct Linear : Function<Linear> {
  static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor weight, at::Tensor bias) {
    x = x.contiguous();
    context->save_for_backward({x, weight});
    const bool biased = bias.numel() > 0;
    context->saved_data["bias"] = biased;
    auto shape = x.sizes().vec();
    const int64_t k = shape.back(), n = weight.size(0);
    shape.back() = n;
    auto y = at::empty(shape, x.options());
    linearForward(data(x), data(weight), biased ? data(bias) : nullptr, room(y), x.numel() / k, n, k);
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list slopes) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const auto dy = slopes[0].contiguous();
    const int64_t n = weight.size(0), k = weight.size(1), m = x.numel() / k;
    at::Tensor dx, db, dw = at::empty_like(weight);
    if (context->needs_input_grad(0)) dx = at::empty_like(x);
    if (context->saved_data["bias"].toBool()) db = at::empty({n}, x.options());
    linearBackward(data(x), data(weight), data(dy), room(dx), room(dw), room(db), m, n, k);
    return {dx, dw, db};
  }
};

struct Gelu : Function<Gelu> {
  static at::Tensor forward(AutogradContext *context, at::Tensor x) {
    x = x.contiguous();
    context->save_for_backward({x});
    auto y = at::empty_like(x);
    geluForward(data(x), room(y), x.numel());
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list slopes) {
    const auto x = context->get_saved_variables()[0];
    const auto dy = slopes[0].contiguous();
    auto dx = at::empty_like(x);
    geluBackward(data(x), data(dy), room(dx), x.numel());
    return {dx};
  }
};

struct Perceptron : Function<Perceptron> {
  static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor w1, at::Tensor b1, at::Tensor w2,
                            at::Tensor b2) {
    x = x.contiguous();
    auto shape = x.sizes().vec();
    const auto form = formOf(x, w1, w2);
    auto h = at::empty({form.m, form.n}, x.options());
    shape.back() = form.out;
    auto y = at::empty(shape, x.options());
    perceptronForward(form, data(x), data(w1), data(b1), data(w2), data(b2), room(h), room(y));
    context->save_for_backward({x, h, w1, w2});
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list slopes) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &h = saved[1], &w1 = saved[2], &w2 = saved[3];
    const auto form = formOf(x, w1, w2);
    const auto dy = slopes[0].contiguous();
    at::Tensor dx;
    if (context->needs_input_grad(0)) dx = at::empty_like(x);
    auto dw1 = at::empty_like(w1), dw2 = at::empty_like(w2);
    auto db1 = at::empty({form.n}, x.options()), db2 = at::empty({form.out}, x.options());
    auto g = at::empty_like(h), dh = at::empty_like(h);
    perceptronBackward(form, data(x), data(h), data(w1), data(w2), data(dy), room(dx), room(dw1), room(db1), room(dw2),
                       room(db2), room(g), room(dh));
    return {dx, dw1, db1, dw2, db2};
  }

  static PerceptronShape formOf(const at::Tensor &x, const at::Tensor &w1, const at::Tensor &w2) {
    return {x.numel() / x.size(-1), x.size(-1), w1.size(0), w2.size(0)};
  }
};

/// x weight^T + bias in the numbers that products are computed in.
at::Tensor linear(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias) {
  // A patch embedding's weight has the shape of a convolution's.
  const auto matrix = weight.dim() > 2 ? weight.flatten(1) : weight;
  if (lowered(x)) return at::linear(low(x), low(matrix), low(bias)).to(at::kFloat);
  if (ours(x)) return Linear::apply(x, matrix, bias.defined() ? bias : at::empty({0}, x.options()));
  return at::linear(x, matrix, bias);
}

struct LayerNorm : Function<LayerNorm> {
  static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor scale, at::Tensor shift, double epsilon) {
    x = x.contiguous();
    const int64_t d = x.size(-1), m = x.numel() / d;
    auto y = at::empty_like(x);
    auto mean = at::empty({m}, x.options()), inverse = at::empty({m}, x.options());
    layerNormForward(data(x), data(scale), data(shift), room(y), room(mean), room(inverse), m, d, epsilon);
    context->save_for_backward({x, scale, mean, inverse});
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list slopes) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &scale = saved[1];
    const auto dy = slopes[0].contiguous();
    const int64_t d = x.size(-1), m = x.numel() / d;
    auto dx = at::empty_like(x), dscale = at::empty_like(scale), dshift = at::empty_like(scale);
    layerNormBackward(data(x), data(dy), data(scale), data(saved[2]), data(saved[3]), room(dx), room(dscale),
                      room(dshift), m, d);
    return {dx, dscale, dshift, at::Tensor()};
  }
};

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
  std::vector<int64_t> index(size_t(t * t));
  for (int64_t i = 0; i < t; i++)
    for (int64_t j = 0; j < t; j++) index[size_t(i * t + j)] = windows.tableRow(i, j);
  const auto place = at::tensor(index, options.dtype(at::kLong));
  auto bias = table.index_select(0, place).reshape({1, t, t, heads}).permute({0, 3, 1, 2}).expand({count, -1, -1, -1});
  if (windows.maskShift != 0) {
    const auto part = [&](int64_t size) {
      auto numbers = at::zeros({size}, options);
      numbers.slice(0, size - side, size - windows.maskShift).fill_(1);
      numbers.slice(0, size - windows.maskShift, size).fill_(2);
      return numbers;
    };
    const auto region = (part(windows.h).unsqueeze(1) * 3 + part(windows.w).unsqueeze(0))
                            .reshape({rows, side, columns, side})
                            .permute({0, 2, 1, 3})
                            .reshape({count, t});
    const auto across = (region.unsqueeze(1) != region.unsqueeze(2)).to(options.dtype()) * -100.0;
    bias = bias + across.unsqueeze(1);
  }
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

int32_t graft_linear(const graft_tensor *x, const graft_tensor *weight, const graft_tensor *bias, graft_tensor **out) {
  return guarded([&] { *out = handle(linear(x->value, weight->value, optional(bias))); });
}

int32_t graft_perceptron(const graft_tensor *x, const graft_tensor *w1, const graft_tensor *b1, const graft_tensor *w2,
                         const graft_tensor *b2, graft_tensor **out) {
  return guarded([&] {
    const auto &value = x->value;
    if (ours(value) && !lowered(value)) {
      *out = handle(Perceptron::apply(value, w1->value, b1->value, w2->value, b2->value));
      return;
    }
    const auto h = linear(value, w1->value, b1->value);
    *out = handle(linear(ours(h) ? Gelu::apply(h) : at::gelu(h), w2->value, b2->value));
  });
}

int32_t graft_layer_norm(const graft_tensor *x, const graft_tensor *scale, const graft_tensor *shift, double epsilon,
                         graft_tensor **out) {
  return guarded([&] {
    *out = handle(ours(x->value) ? LayerNorm::apply(x->value, scale->value, shift->value, epsilon)
                                 : at::layer_norm(x->value, {x->value.size(-1)}, scale->value, shift->value, epsilon));
  });
}

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

int32_t graft_merge_patches(const graft_tensor *tokens, graft_tensor **out) {
  return guarded([&] {
    const auto &x = tokens->value;
    TORCH_CHECK(x.dim() == 4 && x.size(1) % 2 == 0 && x.size(2) % 2 == 0, "tokens of shape ", x.sizes(),
                " do not merge by two");
    *out = handle(x.reshape({x.size(0), x.size(1) / 2, 2, x.size(2) / 2, 2, x.size(3)})
                      .permute({0, 1, 3, 4, 2, 5})
                      .reshape({x.size(0), x.size(1) / 2, x.size(2) / 2, 4 * x.size(3)}));
  });
}

int32_t graft_roll(const graft_tensor *tokens, int64_t down, int64_t right, graft_tensor **out) {
  return guarded([&] { *out = handle(at::roll(tokens->value, {down, right}, {1, 2})); });
}

int32_t graft_resize_canvas(const graft_tensor *tokens, int64_t height, int64_t width, graft_tensor **out) {
  return guarded([&] {
    const auto &x = tokens->value;
    // A negative margin crops.
    *out = handle(at::constant_pad_nd(x, {0, 0, 0, width - x.size(2), 0, height - x.size(1)}));
  });
}

int32_t graft_reshape(const graft_tensor *tensor, const int64_t *shape, int32_t rank, graft_tensor **out) {
  return guarded([&] { *out = handle(tensor->value.reshape(at::IntArrayRef(shape, size_t(rank)))); });
}

int32_t graft_mean_tokens(const graft_tensor *tokens, int64_t first, graft_tensor **out) {
  return guarded([&] {
    const auto all = tokens->value.flatten(1, -2);
    TORCH_CHECK(first >= 0 && first < all.size(1), "no tokens from ", first, " on in shape ", tokens->value.sizes());
    *out = handle(all.slice(1, first).mean(1));
  });
}

int32_t graft_patches(const graft_tensor *image, int64_t size, graft_tensor **out) {
  return guarded([&] {
    const auto &x = image->value;
    TORCH_CHECK(x.dim() == 4 && x.size(2) % size == 0 && x.size(3) % size == 0, "images of shape ", x.sizes(),
                " do not divide into patches of ", size);
    const int64_t n = x.size(0), c = x.size(1), rows = x.size(2) / size, columns = x.size(3) / size;
    *out = handle(x.reshape({n, c, rows, size, columns, size})
                      .permute({0, 2, 4, 1, 3, 5})
                      .reshape({n, rows * columns, c * size * size}));
  });
}

int32_t graft_embed(const graft_tensor *tokens, const graft_tensor *class_token, const graft_tensor *positions,
                    graft_tensor **out) {
  return guarded([&] {
    const auto &x = tokens->value;
    *out = handle(at::cat({class_token->value.expand({x.size(0), 1, x.size(2)}), x}, 1) + positions->value);
  });
}

int32_t graft_select_token(const graft_tensor *tokens, int64_t index, graft_tensor **out) {
  return guarded([&] { *out = handle(tokens->value.select(1, index)); });
}

int32_t graft_add(const graft_tensor *left, const graft_tensor *right, graft_tensor **out) {
  return guarded([&] { *out = handle(left->value + right->value); });
}

int32_t graft_add_scaled(const graft_tensor *left, const graft_tensor *right, const float *scales, int64_t count,
                         graft_tensor **out) {
  return guarded([&] {
    const auto &x = left->value;
    TORCH_CHECK(x.dim() > 0 && x.size(0) == count, count, " scales for ", x.sizes());
    std::vector<int64_t> shape(size_t(x.dim()), 1);
    shape[0] = count;
    const auto factors = at::tensor(at::ArrayRef<float>(scales, size_t(count)), at::kFloat).to(x.device()).reshape(shape);
    *out = handle(at::addcmul(x, right->value, factors));
  });
}

int32_t graft_multiply(const graft_tensor *left, const graft_tensor *right, graft_tensor **out) {
  return guarded([&] { *out = handle(left->value * right->value); });
}

int32_t graft_cross_entropy(const graft_tensor *logits, const graft_tensor *labels, const graft_tensor *weights,
                            graft_tensor **out) {
  return guarded([&] { *out = handle(at::cross_entropy_loss(logits->value, labels->value, optional(weights))); });
}

int32_t graft_binary_cross_entropy(const graft_tensor *logits, const graft_tensor *targets,
                                   const graft_tensor *weights, graft_tensor **out) {
  return guarded([&] {
    *out = handle(at::binary_cross_entropy_with_logits(logits->value, targets->value, optional(weights)));
  });
}

int32_t graft_backward(const graft_tensor *tensor, const graft_tensor *seed) {
  return guarded([&] { tensor->value.backward(optional(seed)); });
}

}  // extern "C"
