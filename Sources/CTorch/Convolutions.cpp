// Operations on images, with gradients: our own kernels on float32 in this machine's memory, libtorch's operators
// anywhere else.
#include "Functions.h"

namespace graft {

namespace {

/// A convolution of stride 1 without bias: its gradients, and the outputs of square filters too, by Winograd's filtering.
struct Convolution : Function<Convolution> {
  static at::Tensor forward(AutogradContext *context, at::Tensor x, at::Tensor weight, int64_t rowPadding,
                            int64_t columnPadding) {
    x = channelsLast(x);
    const auto w = channelsLast(weight);
    context->save_for_backward({x, weight});
    context->saved_data["rowPadding"] = rowPadding;
    context->saved_data["columnPadding"] = columnPadding;
    const auto taps = tapsOf(weight, rowPadding, columnPadding);
    // Rounding in the forward direction goes through the whole network and turns maxima and rectifiers; gradients pass through no
    // such switches. So forward only the filters that lose least (10^-6, those of seven taps 2.5 10^-6), and not where they stand
    // in a stem, without padding: a sum in the plain order is an order of magnitude closer.
    if (taps.rows != taps.columns || rowPadding == 0) return at::conv2d(x, w, {}, 1, {rowPadding, columnPadding});
    const int64_t cin = x.size(1), cout = weight.size(0);
    const auto images = imagesOf(x), convolved = images.convolved(taps);
    auto y = at::empty({convolved.n, cout, convolved.h, convolved.w}, x.options(), at::MemoryFormat::ChannelsLast);
    auto work = at::empty({winogradRoom(taps, cin, cout)}, x.options());
    winogradForward(images, taps, data(x), data(w), room(y), cin, cout, /*turned=*/false, room(work));
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list slopes) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0];
    const auto w = channelsLast(saved[1]);
    const auto dy = channelsLast(slopes[0]);
    const int64_t cin = x.size(1), cout = w.size(0);
    const auto taps =
        tapsOf(w, context->saved_data["rowPadding"].toInt(), context->saved_data["columnPadding"].toInt());
    at::Tensor dx;
    if (context->needs_input_grad(0)) {
      dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
      auto work = at::empty({winogradRoom(taps, cin, cout)}, x.options());
      winogradForward(imagesOf(dy), taps.turned(), data(dy), data(w), room(dx), cin, cout, /*turned=*/true, room(work));
    }
    const auto images = imagesOf(x);
    auto work = at::empty({winogradGradientRoom(images, taps, cin, cout)}, x.options());
    auto dw = at::empty_like(w, at::MemoryFormat::ChannelsLast);
    winogradWeightGradient(images, taps, data(x), data(dy), room(dw), cin, cout, room(work));
    return {dx, dw, at::Tensor(), at::Tensor()};
  }

  static Images imagesOf(const at::Tensor &x) { return {x.size(0), x.size(2), x.size(3)}; }

  static Taps tapsOf(const at::Tensor &weight, int64_t rowPadding, int64_t columnPadding) {
    return {weight.size(2), weight.size(3), rowPadding, columnPadding};
  }

  static bool fits(const at::Tensor &x, const at::Tensor &w, int64_t stride, int64_t rowPadding, int64_t columnPadding) {
    return w.dim() == 4 && stride == 1 && x.dim() == 4 && x.size(1) == w.size(1) &&
           winogradFits(imagesOf(x), tapsOf(w, rowPadding, columnPadding), w.size(1), w.size(0));
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
    const bool relu = context->saved_data["relu"].toBool(), branch = context->saved_data["residual"].toBool();
    // Some channels of a larger gradient, as joined branches have, are read where they lie.
    const auto dy = pixelDistance(slopes[0]) > 0 && !branch ? slopes[0] : channelsLast(slopes[0]);
    const int64_t c = x.size(1), m = x.numel() / c;
    auto dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
    // Without a rectifier the residual's gradient is the output's own.
    at::Tensor dresidual = branch ? (relu ? at::empty_like(x, at::MemoryFormat::ChannelsLast) : dy) : at::Tensor();
    auto dscale = at::empty_like(scale), dshift = at::empty_like(scale);
    batchNormBackward(data(x), data(y), data(dy), data(scale), data(saved[2]), data(saved[3]), room(dx),
                      branch && relu ? room(dresidual) : nullptr, room(dscale), room(dshift), m, c,
                      pixelDistance(dy), context->saved_data["training"].toBool());
    const at::Tensor none;
    return {dx, dresidual, dscale, dshift, none, none, none, none, none, none};
  }
};

/// The mean over 3 x 3 pixels at every pixel.
struct BoxMean : Function<BoxMean> {
  static at::Tensor forward(AutogradContext *, at::Tensor x) { return mean(x); }
  static variable_list backward(AutogradContext *, variable_list slopes) { return {mean(slopes[0])}; }

  static at::Tensor mean(const at::Tensor &images) {
    const auto x = pixelDistance(images) > 0 ? images : channelsLast(images);
    auto y = at::empty(x.sizes(), x.options(), at::MemoryFormat::ChannelsLast);
    boxMean({x.size(0), x.size(2), x.size(3)}, data(x), pixelDistance(x), room(y), x.size(1));
    return y;
  }
};

}  // namespace

}  // namespace graft

using namespace graft;

extern "C" {

int32_t graft_conv2d(const graft_tensor *x, const graft_tensor *weight, const graft_tensor *bias, int64_t stride,
                     int64_t padding_rows, int64_t padding_columns, graft_tensor **out) {
  return guarded([&] {
    const auto &w = weight->value;
    if (lowered(x->value)) {
      *out = handle(at::conv2d(low(x->value), low(w), low(optional(bias)), {stride, stride},
                               {padding_rows, padding_columns})
                        .to(at::kFloat));
      return;
    }
    if (ours(x->value) && !bias && Convolution::fits(x->value, w, stride, padding_rows, padding_columns)) {
      *out = handle(Convolution::apply(x->value, w, padding_rows, padding_columns));
      return;
    }
    *out = handle(at::conv2d(x->value, weight->value, optional(bias), {stride, stride},
                             {padding_rows, padding_columns}));
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

int32_t graft_average_pool2d(const graft_tensor *x, int64_t size, int64_t stride, int64_t padding, graft_tensor **out) {
  return guarded([&] {
    if (ours(x->value) && x->value.dim() == 4 && size == 3 && stride == 1 && padding == 1) {
      *out = handle(BoxMean::apply(x->value));
      return;
    }
    *out = handle(at::avg_pool2d(x->value, {size, size}, {stride, stride}, {padding, padding}));
  });
}

int32_t graft_concatenate(graft_tensor *const *parts, int64_t count, graft_tensor **out) {
  return guarded([&] {
    std::vector<at::Tensor> tensors;
    for (int64_t i = 0; i < count; i++) tensors.push_back(parts[i]->value);
    *out = handle(at::cat(tensors, 1));
  });
}

int32_t graft_average_pool(const graft_tensor *x, graft_tensor **out) {
  return guarded([&] { *out = handle(x->value.mean({2, 3})); });
}

}  // extern "C"
