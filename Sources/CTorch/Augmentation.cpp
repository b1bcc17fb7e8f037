// Stored 8-bit images made ready for a network by libtorch's operators, a batch at a time, on any device. The arithmetic is
// that of the CPU's own image kernels: levels are whole numbers from 0 to 255 after each step, kept here as float32.
//
// A batch is a canvas [n, channels, height, width] that holds each image at its upper left; what lies beyond an image has no
// meaning and is not looked at.
#include <algorithm>

#include "Handle.h"

namespace graft {

namespace {

at::Tensor onDevice(const std::vector<float> &values, at::IntArrayRef shape, const at::Tensor &like) {
  return sent(at::tensor(values, at::kFloat).reshape(shape), like.device());
}

/// Cut off to whole levels, as torchvision does after a change of colour.
at::Tensor cut(const at::Tensor &levels) { return levels.clamp(0, 255).floor(); }

at::Tensor luma(const at::Tensor &x) {
  return (x.narrow(1, 0, 1) * 0.2989 + x.narrow(1, 1, 1) * 0.587 + x.narrow(1, 2, 1) * 0.114).floor();
}

/// One axis of resampling, an image each.
struct Axis {
  std::vector<float> start, size, scaled, window, shown, mirrored;

  void add(int32_t start_, int32_t size_, int32_t scaled_, int32_t window_, int32_t shown_, int32_t mirrored_) {
    start.push_back(float(start_)), size.push_back(float(size_)), scaled.push_back(float(scaled_));
    window.push_back(float(window_)), shown.push_back(float(shown_)), mirrored.push_back(mirrored_ ? 1.0f : 0.0f);
  }

  /// The share that each of the canvas's samples has in each output: [n, outputs, samples]. A triangle that widens where the
  /// image shrinks.
  at::Tensor weights(int64_t outputs, int64_t samples, const at::Tensor &like) const {
    const int64_t n = int64_t(start.size());
    const auto each = [&](const std::vector<float> &values) { return onDevice(values, {n, 1, 1}, like); };
    const auto first = each(start), length = each(size), mirror = each(mirrored);
    const auto scale = length / each(scaled);
    const auto output = at::arange(outputs, like.options()).reshape({1, outputs, 1});
    const auto place = each(window) + at::where(mirror > 0, each(shown) - 1 - output, output);
    const auto centre = (place + 0.5) * scale;
    const auto sample = at::arange(samples, like.options()).reshape({1, 1, samples}) - first;
    const auto inside = at::logical_and(sample >= 0, sample < length);
    const auto share = (1 - (sample + 0.5 - centre).abs() / scale.clamp_min(1)).clamp_min(0) * inside;
    return share / share.sum(-1, /*keepdim=*/true).clamp_min(1e-6);
  }
};

at::Tensor turnedHue(const at::Tensor &x, const at::Tensor &turn) {
  const auto colours = x * (1.0f / 255.0f);
  const auto r = colours.narrow(1, 0, 1), g = colours.narrow(1, 1, 1), b = colours.narrow(1, 2, 1);
  const auto most = at::maximum(at::maximum(r, g), b), chroma = most - at::minimum(at::minimum(r, g), b);
  const auto divisor = at::where(chroma > 0, chroma, at::ones_like(chroma));
  auto hue = at::where(most == r, (g - b) / divisor,
                       at::where(most == g, 2 + (b - r) / divisor, 4 + (r - g) / divisor));
  hue = at::remainder(hue + turn * 6, 6);
  const auto of = [&](double shift) {
    const auto k = at::remainder(hue + shift, 6);
    return most - chroma * at::minimum(k, 4 - k).clamp(0, 1);
  };
  return cut(at::cat({of(5), of(3), of(1)}, 1) * (255.0 + 1.0 - 1e-3));
}

}  // namespace

}  // namespace graft

using namespace graft;

extern "C" {

int32_t graft_tensor_bytes(const uint8_t *values, int64_t count, const char *device, graft_tensor **out) {
  return guarded([&] {
    auto view = at::from_blob(const_cast<uint8_t *>(values), {count}, at::kByte);
    *out = handle(view.to(at::Device(device), at::kByte, /*non_blocking=*/false, /*copy=*/true));
  });
}

int32_t graft_images(const graft_tensor *bytes, const int64_t *offsets, const int64_t *heights, const int64_t *widths,
                     const int64_t *channels, int64_t n, graft_tensor **out) {
  return guarded([&] {
    const auto options = bytes->value.options().dtype(at::kLong);
    const auto each = [&](const int64_t *values) {
      return sent(at::tensor(at::ArrayRef<int64_t>(values, size_t(n)), at::kLong).reshape({n, 1, 1, 1}), options.device());
    };
    const int64_t height = *std::max_element(heights, heights + n), width = *std::max_element(widths, widths + n);
    const int64_t most = *std::max_element(channels, channels + n);
    const auto count = [&](int64_t size, at::IntArrayRef shape) { return at::arange(size, options).reshape(shape); };
    const auto h = each(heights), w = each(widths);
    // A grey image fills all channels.
    const auto channel = at::minimum(count(most, {1, most, 1, 1}), each(channels) - 1);
    // Beyond an image its last row and column go on, so that every place is within the bytes.
    const auto y = at::minimum(count(height, {1, 1, height, 1}), h - 1), x = at::minimum(count(width, {1, 1, 1, width}), w - 1);
    const auto place = each(offsets) + (channel * h + y) * w + x;
    *out = handle(bytes->value.take(place).to(at::kFloat));
  });
}

int32_t graft_images_resample(const graft_tensor *images, const graft_resampling *each, int64_t n, graft_tensor **out) {
  return guarded([&] {
    const auto &x = images->value;
    TORCH_CHECK(x.dim() == 4 && x.size(0) == n, "a canvas of shape ", x.sizes(), " for ", n, " images");
    Axis rows, columns;
    int64_t height = 0, width = 0;
    for (int64_t i = 0; i < n; i++) {
      const auto &r = each[i];
      rows.add(r.source_y, r.source_height, r.scaled_height, r.window_y, r.window_height, r.mirror_vertical);
      columns.add(r.source_x, r.source_width, r.scaled_width, r.window_x, r.window_width, r.mirror_horizontal);
      height = std::max(height, int64_t(r.window_height));
      width = std::max(width, int64_t(r.window_width));
    }
    const int64_t channels = x.size(1);
    const auto across = columns.weights(width, x.size(3), x).transpose(1, 2);
    const auto narrow = at::bmm(x.reshape({n, channels * x.size(2), x.size(3)}), across)
                            .add(0.5)
                            .floor()
                            .reshape({n, channels, x.size(2), width});
    const auto down = rows.weights(height, x.size(2), x).unsqueeze(1);
    *out = handle(at::matmul(down, narrow).add(0.5).floor());
  });
}

int32_t graft_images_colour(graft_tensor *images, int32_t kind, const int64_t *which, const float *factors,
                            const float *heights, const float *widths, int64_t count) {
  return guarded([&] {
    auto &all = images->value;
    const auto index = sent(at::tensor(at::ArrayRef<int64_t>(which, size_t(count)), at::kLong), all.device());
    const auto x = all.index_select(0, index);
    const auto each = [&](const float *values) {
      return onDevice(std::vector<float>(values, values + count), {count, 1, 1, 1}, x);
    };
    const bool coloured = x.size(1) == 3;
    const auto factor = each(factors);
    at::Tensor y = x;
    if (kind == GRAFT_BRIGHTNESS) {
      y = cut(x * factor);
    } else if (kind == GRAFT_CONTRAST) {
      const auto h = each(heights), w = each(widths);
      const auto row = at::arange(x.size(2), x.options()).reshape({1, 1, -1, 1});
      const auto column = at::arange(x.size(3), x.options()).reshape({1, 1, 1, -1});
      const auto inside = at::logical_and(row < h, column < w);
      const auto total = at::where(inside, coloured ? luma(x) : x, at::zeros({}, x.options()))
                             .sum(at::IntArrayRef{1, 2, 3}, /*keepdim=*/true, at::kDouble);
      const auto mean = (total / (h * w).to(at::kDouble)).to(at::kFloat);
      y = cut(x * factor + (1 - factor) * mean);
    } else if (coloured && kind == GRAFT_SATURATION) {
      y = cut(x * factor + (1 - factor) * luma(x));
    } else if (coloured && kind == GRAFT_HUE) {
      y = turnedHue(x, factor);
    } else if (coloured && kind == GRAFT_GRAYSCALE) {
      y = luma(x).expand_as(x);
    } else if (kind == GRAFT_SOLARIZE) {
      y = at::where(x >= factor, 255 - x, x);
    }
    all.index_copy_(0, index, y);
  });
}

int32_t graft_images_normalise(const graft_tensor *images, const float *means, const float *deviations, int64_t channels,
                               graft_tensor **out) {
  return guarded([&] {
    const auto &x = images->value;
    const auto each = [&](const float *values) {
      return onDevice(std::vector<float>(values, values + channels), {1, channels, 1, 1}, x);
    };
    *out = handle((x / 255 - each(means)) / each(deviations));
  });
}

}  // extern "C"
