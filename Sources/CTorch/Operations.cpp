// Operations with gradients: our own kernels on float32 in this machine's memory, libtorch's operators anywhere else.
#include "Handle.h"
#include "Kernels/Kernels.h"

namespace graft {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

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
    at::Tensor dx, dw, db;
    if (context->needs_input_grad(0)) {
      dx = at::empty_like(x);
      linearInputGradient(data(dy), data(weight), room(dx), m, n, k);
    }
    dw = at::empty_like(weight);
    if (context->saved_data["bias"].toBool()) db = at::empty({n}, x.options());
    linearWeightGradient(data(dy), data(x), room(dw), room(db), m, n, k);
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

/// Whether a convolution or product is computed in fewer bits than its float32 operands have.
bool lowered(const at::Tensor &x) { return productType() != at::kFloat && x.scalar_type() == at::kFloat; }
at::Tensor low(const at::Tensor &x) { return x.defined() ? x.to(productType()) : x; }

at::Tensor channelsLast(const at::Tensor &x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

/// A convolution of 3 x 3, stride 1, padding 1, without bias.
struct Convolution3x3 : Function<Convolution3x3> {
  static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor weight) {
    x = channelsLast(x);
    const auto w = channelsLast(weight);
    context->save_for_backward({x, weight});
    const int64_t n = x.size(0), cin = x.size(1), h = x.size(2), width = x.size(3), cout = weight.size(0);
    auto y = at::empty({n, cout, h, width}, x.options(), at::MemoryFormat::ChannelsLast);
    auto work = at::empty({winogradRoom(n, h, width, cin, cout)}, x.options());
    winogradForward(data(x), data(w), room(y), n, h, width, cin, cout, /*turned=*/false, room(work));
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list slopes) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0];
    const auto w = channelsLast(saved[1]);
    const auto dy = channelsLast(slopes[0]);
    const int64_t n = x.size(0), cin = x.size(1), h = x.size(2), width = x.size(3), cout = w.size(0);
    auto work = at::empty({winogradRoom(n, h, width, cin, cout)}, x.options());
    at::Tensor dx;
    if (context->needs_input_grad(0)) {
      dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
      winogradForward(data(dy), data(w), room(dx), n, h, width, cin, cout, /*turned=*/true, room(work));
    }
    auto dw = at::empty_like(w, at::MemoryFormat::ChannelsLast);
    winogradWeightGradient(data(x), data(dy), room(dw), n, h, width, cin, cout, room(work));
    return {dx, dw};
  }
};

struct BatchNorm : Function<BatchNorm> {
  static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor residual, at::Tensor scale,
                            at::Tensor shift, at::Tensor mean, at::Tensor variance, bool training, double momentum,
                            double epsilon, bool relu) {
    x = channelsLast(x);
    // An empty tensor stands for no residual: a function's tensors have to be defined.
    const bool branch = residual.numel() > 0;
    residual = branch ? channelsLast(residual) : at::Tensor();
    const int64_t c = x.size(1), m = x.numel() / c;
    auto centre = at::empty({c}, x.options()), inverse = at::empty({c}, x.options());
    float *centres = room(centre), *inverses = room(inverse), *means = room(mean), *variances = room(variance);
    if (training) {
      std::vector<double> moments(size_t(2 * c));
      columnMoments(data(x), moments.data(), moments.data() + c, m, c);
      for (int64_t i = 0; i < c; i++) {
        const double first = moments[size_t(i)], second = moments[size_t(c + i)];
        centres[i] = float(first);
        inverses[i] = float(1 / std::sqrt(second + epsilon));
        const double unbiased = m > 1 ? second * double(m) / double(m - 1) : second;
        means[i] = float(means[i] * (1 - momentum) + momentum * first);
        variances[i] = float(variances[i] * (1 - momentum) + momentum * unbiased);
      }
    } else {
      for (int64_t i = 0; i < c; i++) {
        centres[i] = means[i];
        inverses[i] = float(1 / std::sqrt(double(variances[i]) + epsilon));
      }
    }
    std::vector<float> affine(size_t(2 * c));
    const float *scales = data(scale), *shifts = data(shift);
    for (int64_t i = 0; i < c; i++) {
      affine[size_t(i)] = scales[i] * inverses[i];
      affine[size_t(c + i)] = shifts[i] - centres[i] * affine[size_t(i)];
    }
    auto y = at::empty_like(x, at::MemoryFormat::ChannelsLast);
    columnAffine(data(x), data(residual), affine.data(), affine.data() + c, room(y), m, c, relu);
    context->saved_data["training"] = training;
    context->saved_data["relu"] = relu;
    context->saved_data["residual"] = branch;
    context->save_for_backward({x, scale, centre, inverse, relu ? y : at::Tensor()});
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list slopes) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &scale = saved[1], &y = saved[4];
    const auto dy = channelsLast(slopes[0]);
    const int64_t c = x.size(1), m = x.numel() / c;
    auto dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
    const bool relu = context->saved_data["relu"].toBool(), branch = context->saved_data["residual"].toBool();
    // Without a rectifier the residual's gradient is the output's own.
    at::Tensor dresidual = branch ? (relu ? at::empty_like(x, at::MemoryFormat::ChannelsLast) : dy) : at::Tensor();
    auto dscale = at::empty_like(scale), dshift = at::empty_like(scale);
    batchNormBackward(data(x), data(y), data(dy), data(scale), data(saved[2]), data(saved[3]), room(dx),
                      branch && relu ? room(dresidual) : nullptr, room(dscale), room(dshift), m, c,
                      context->saved_data["training"].toBool());
    const at::Tensor none;
    return {dx, dresidual, dscale, dshift, none, none, none, none, none, none};
  }
};

}  // namespace

}  // namespace graft

using namespace graft;

extern "C" {

int32_t graft_conv2d(const graft_tensor *x, const graft_tensor *weight, const graft_tensor *bias, int64_t stride,
                     int64_t padding, graft_tensor **out) {
  return guarded([&] {
    const auto &w = weight->value;
    if (lowered(x->value)) {
      *out = handle(at::conv2d(low(x->value), low(w), low(optional(bias)), {stride, stride}, {padding, padding})
                        .to(at::kFloat));
      return;
    }
    if (ours(x->value) && !bias && w.dim() == 4 && w.size(2) == 3 && w.size(3) == 3 && stride == 1 && padding == 1 &&
        winogradFits(w.size(1), w.size(0)) && x->value.dim() == 4 && x->value.size(1) == w.size(1)) {
      *out = handle(Convolution3x3::apply(x->value, w));
      return;
    }
    *out = handle(at::conv2d(x->value, weight->value, optional(bias), {stride, stride}, {padding, padding}));
  });
}

int32_t graft_batch_norm(const graft_tensor *x, const graft_tensor *residual, const graft_tensor *scale,
                         const graft_tensor *shift, graft_tensor *mean, graft_tensor *variance, int32_t training,
                         double momentum, double epsilon, int32_t relu, graft_tensor **out) {
  return guarded([&] {
    if (ours(x->value)) {
      const auto branch = residual ? residual->value : at::empty({0}, x->value.options());
      *out = handle(BatchNorm::apply(x->value, branch, scale->value, shift->value, mean->value,
                                     variance->value, training != 0, momentum, epsilon, relu != 0));
      return;
    }
    auto y = at::batch_norm(x->value, scale->value, shift->value, mean->value, variance->value, training != 0, momentum,
                            epsilon, /*cudnn_enabled=*/true);
    if (residual) y = y + residual->value;
    *out = handle(relu ? at::relu(y) : y);
  });
}

int32_t graft_max_pool(const graft_tensor *x, int64_t size, int64_t stride, int64_t padding, graft_tensor **out) {
  return guarded([&] {
    *out = handle(at::max_pool2d(x->value, {size, size}, {stride, stride}, {padding, padding}));
  });
}

int32_t graft_average_pool(const graft_tensor *x, graft_tensor **out) {
  return guarded([&] { *out = handle(x->value.mean({2, 3})); });
}

int32_t graft_linear(const graft_tensor *x, const graft_tensor *weight, const graft_tensor *bias, graft_tensor **out) {
  return guarded([&] {
    // A patch embedding's weight has the shape of a convolution's.
    const auto matrix = weight->value.dim() > 2 ? weight->value.flatten(1) : weight->value;
    if (lowered(x->value)) {
      *out = handle(at::linear(low(x->value), low(matrix), low(optional(bias))).to(at::kFloat));
    } else if (ours(x->value)) {
      *out = handle(Linear::apply(x->value, matrix, bias ? bias->value : at::empty({0}, x->value.options())));
    } else {
      *out = handle(at::linear(x->value, matrix, optional(bias)));
    }
  });
}

int32_t graft_gelu(const graft_tensor *x, graft_tensor **out) {
  return guarded([&] { *out = handle(ours(x->value) ? Gelu::apply(x->value) : at::gelu(x->value)); });
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
    const bool isLow = lowered(value);
    if (!isLow && ours(value)) {
      *out = handle(Attention::apply(value, heads));
      return;
    }
    const int64_t n = value.size(0), t = value.size(1), d = value.size(2) / (3 * heads);
    const auto parts =
        (isLow ? low(value) : value).reshape({n, t, 3, heads, d}).permute({2, 0, 3, 1, 4}).unbind(0);
    const auto scores = at::matmul(parts[0] * (1 / std::sqrt(double(d))), parts[1].transpose(-2, -1));
    // The softmax is computed in float32 whatever the products are.
    const auto weights = at::softmax(isLow ? scores.to(at::kFloat) : scores, -1);
    const auto mixed = at::matmul(isLow ? low(weights) : weights, parts[2]);
    *out = handle((isLow ? mixed.to(at::kFloat) : mixed).transpose(1, 2).reshape({n, t, heads * d}));
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

int32_t graft_cross_entropy(const graft_tensor *logits, const graft_tensor *labels, const graft_tensor *weights,
                            graft_tensor **out) {
  return guarded([&] { *out = handle(at::cross_entropy_loss(logits->value, labels->value, optional(weights))); });
}

int32_t graft_binary_cross_entropy(const graft_tensor *logits, const graft_tensor *targets, graft_tensor **out) {
  return guarded([&] { *out = handle(at::binary_cross_entropy_with_logits(logits->value, targets->value)); });
}

int32_t graft_backward(const graft_tensor *tensor, const graft_tensor *seed) {
  return guarded([&] { tensor->value.backward(optional(seed)); });
}

}  // extern "C"
