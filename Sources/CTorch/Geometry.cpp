// Projections, blurs and erasures of a batch of images on any device, with the arithmetic of the CPU's own image kernels; the
// canvas is that of Augmentation.cpp.
#include <algorithm>
#include <cmath>

#include "Handle.h"

namespace graft {

namespace {

/// A number of every image, [n, 1, 1] or with as many more ones as asked.
template <typename Item, typename Number>
at::Tensor ofEach(const Item *each, int64_t n, const at::Tensor &like, int64_t dimensions, Number number) {
  std::vector<float> values;
  for (int64_t i = 0; i < n; i++) values.push_back(float(number(each[i])));
  std::vector<int64_t> shape(size_t(dimensions), 1);
  shape[0] = n;
  return sent(at::tensor(values, at::kFloat).reshape(shape), like.device());
}

/// The share that each sample of an axis has in each blurred one, the edges reflected: [samples, samples].
std::vector<float> blurWeights(int64_t samples, int64_t length, int64_t radius, double sigma) {
  std::vector<double> kernel;
  double total = 0;
  for (int64_t k = -radius; k <= radius; k++) {
    kernel.push_back(std::exp(-0.5 * (double(k) / sigma) * (double(k) / sigma)));
    total += kernel.back();
  }
  std::vector<float> weights(size_t(samples * samples), 0.0f);
  for (int64_t row = 0; row < length; row++) {
    for (int64_t k = -radius; k <= radius; k++) {
      int64_t from = std::abs(row + k);
      from = from < length ? from : 2 * length - 2 - from;
      weights[size_t(row * samples + from)] += float(kernel[size_t(k + radius)] / total);
    }
  }
  return weights;
}

at::Tensor chosen(const at::Tensor &all, const int64_t *which, int64_t count, at::Tensor &index) {
  index = sent(at::tensor(at::ArrayRef<int64_t>(which, size_t(count)), at::kLong), all.device());
  return all.index_select(0, index);
}

}  // namespace

}  // namespace graft

using namespace graft;

extern "C" {

int32_t graft_images_project(const graft_tensor *images, const graft_projection *each, int64_t n, graft_tensor **out) {
  return guarded([&] {
    const auto &all = images->value;
    TORCH_CHECK(all.dim() == 4 && all.size(0) == n, "a canvas of shape ", all.sizes(), " for ", n, " images");
    const int64_t channels = all.size(1), rows = all.size(2), columns = all.size(3);
    int64_t height = 0, width = 0;
    for (int64_t i = 0; i < n; i++) {
      height = std::max(height, int64_t(each[i].height)), width = std::max(width, int64_t(each[i].width));
    }
    const auto number = [&](auto get) { return ofEach(each, n, all, 3, get); };
    const auto m = [&](int i) { return number([i](const graft_projection &p) { return p.map[i]; }); };
    const auto x = at::arange(width, all.options()).reshape({1, 1, width});
    const auto y = at::arange(height, all.options()).reshape({1, height, 1});
    const auto w = m(6) * x + (m(7) * y + m(8));
    const auto place = [&](const at::Tensor &a, const at::Tensor &b, const at::Tensor &c, const at::Tensor &size) {
      const auto there = at::nan_to_num((a * x + (b * y + c)) / w, -1.0, INFINITY, -INFINITY);
      return at::minimum(there, size).clamp_min(-1) + 1;
    };
    // Counted from the frame of one pixel that the fill makes around the image.
    const auto lastX = number([](const graft_projection &p) { return p.source_width; });
    const auto lastY = number([](const graft_projection &p) { return p.source_height; });
    const auto across = place(m(0), m(1), m(2), lastX), down = place(m(3), m(4), m(5), lastY);
    const auto column = at::minimum(across.floor(), lastX), row = at::minimum(down.floor(), lastY);
    const auto right = (across - column).unsqueeze(1), lower = (down - row).unsqueeze(1);
    const auto planes = all.reshape({n, channels, rows * columns});
    const auto fill = ofEach(each, n, all, 4, [](const graft_projection &p) { return p.fill; });
    const auto neighbour = [&](int64_t offX, int64_t offY) {
      const auto atX = column + (offX - 1), atY = row + (offY - 1);
      const auto inside = (atX >= 0).logical_and(atX < lastX).logical_and(atY >= 0).logical_and(atY < lastY);
      const auto index = (atY.clamp(0, rows - 1) * columns + atX.clamp(0, columns - 1)).to(at::kLong);
      const auto levels = planes.gather(2, index.reshape({n, 1, height * width}).expand({n, channels, height * width}));
      return at::where(inside.unsqueeze(1), levels.reshape({n, channels, height, width}), fill);
    };
    const auto above = neighbour(0, 0) * (1 - right) + neighbour(1, 0) * right;
    const auto below = neighbour(0, 1) * (1 - right) + neighbour(1, 1) * right;
    *out = handle((above * (1 - lower) + below * lower).add(0.5).floor());
  });
}

int32_t graft_images_blur(graft_tensor *images, const int64_t *which, const graft_blurring *each, int64_t count) {
  return guarded([&] {
    auto &all = images->value;
    at::Tensor index;
    const auto x = chosen(all, which, count, index);
    const int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
    std::vector<float> rows, columns;
    for (int64_t i = 0; i < count; i++) {
      const auto &b = each[i];
      TORCH_CHECK(b.size > 0 && b.size % 2 == 1 && b.size / 2 < std::min(b.width, b.height), "a kernel of ", b.size,
                  " for an image of ", b.width, " x ", b.height);
      const auto down = blurWeights(height, b.height, b.size / 2, b.sigma);
      const auto across = blurWeights(width, b.width, b.size / 2, b.sigma);
      rows.insert(rows.end(), down.begin(), down.end());
      columns.insert(columns.end(), across.begin(), across.end());
    }
    const auto weights = [&](const std::vector<float> &values, int64_t size) {
      return sent(at::tensor(values, at::kFloat).reshape({count, size, size}), x.device());
    };
    const auto narrow = at::bmm(x.reshape({count, channels * height, width}), weights(columns, width).transpose(1, 2));
    const auto blurred = at::matmul(weights(rows, height).unsqueeze(1), narrow.reshape({count, channels, height, width}));
    all.index_copy_(0, index, blurred.add(0.5).floor());
  });
}

int32_t graft_images_erase(graft_tensor *images, const int64_t *which, const graft_erasure *each, int64_t count) {
  return guarded([&] {
    auto &all = images->value;
    at::Tensor index;
    const auto x = chosen(all, which, count, index);
    const auto number = [&](auto get) { return ofEach(each, count, x, 4, get); };
    const auto row = at::arange(x.size(2), x.options()).reshape({1, 1, -1, 1});
    const auto column = at::arange(x.size(3), x.options()).reshape({1, 1, 1, -1});
    const auto left = number([](const graft_erasure &e) { return e.x; });
    const auto top = number([](const graft_erasure &e) { return e.y; });
    const auto right = number([](const graft_erasure &e) { return e.x + e.width; });
    const auto bottom = number([](const graft_erasure &e) { return e.y + e.height; });
    const auto inside = (row >= top).logical_and(row < bottom).logical_and(column >= left).logical_and(column < right);
    std::vector<at::Tensor> levels;
    for (int64_t c = 0; c < x.size(1); c++) {
      levels.push_back(number([c](const graft_erasure &e) { return e.levels[c]; }));
    }
    all.index_copy_(0, index, at::where(inside, at::cat(levels, 1), x));
  });
}

}  // extern "C"
