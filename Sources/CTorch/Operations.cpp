// Operations on tokens and logits, with gradients: our own kernels on float32 in this machine's memory, libtorch's
// operators anywhere else.
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

int32_t graft_add_scaled(const graft_tensor *left, const graft_tensor *right, const graft_tensor *scales,
                         graft_tensor **out) {
  return guarded([&] {
    const auto &x = left->value, &factors = scales->value;
    TORCH_CHECK(x.dim() > 0 && factors.dim() == 1 && x.size(0) == factors.size(0), "scales of shape ", factors.sizes(),
                " for ", x.sizes());
    std::vector<int64_t> shape(size_t(x.dim()), 1);
    shape[0] = x.size(0);
    *out = handle(at::addcmul(x, right->value, factors.reshape(shape)));
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
