// What representations are compared by: nearest neighbours and Gram matrices. Our own kernels on float32 in this
// machine's memory, libtorch's operators anywhere else.
#include <cmath>

#include "Handle.h"
#include "Kernels/Kernels.h"
#include "Kernels/Parallel.h"

namespace graft {

namespace {

/// The similarities of queries begin..<end by a search's parts, and the nearest kept of each.
struct Search {
  int64_t queries, bank, parts, position, k;
  /// [queries, 2] and [bank, 2]; used for the third part.
  const float *queryShares, *bankShares;
  /// [parts, queries, k].
  uint64_t *nearest;

  /// `products[c]` [end - begin, bank]; `room` [bank].
  void keep(int64_t begin, int64_t end, const float *const *products, float *room) const {
    for (int64_t query = begin; query < end; query++) {
      const float *first = products[0] + (query - begin) * bank;
      keepNearest(first, bank, position, k, place(0, query));
      if (parts == 1) continue;
      const float *second = products[1] + (query - begin) * bank;
      keepNearest(second, bank, position, k, place(1, query));
      const float a = queryShares[2 * query], b = queryShares[2 * query + 1];
      for (int64_t i = 0; i < bank; i++)
        room[i] = a * bankShares[2 * i] * first[i] + b * bankShares[2 * i + 1] * second[i];
      keepNearest(room, bank, position, k, place(2, query));
    }
  }

  uint64_t *place(int64_t part, int64_t query) const { return nearest + (part * queries + query) * k; }
};

/// Rows of queries whose products with a block of the bank stay in the cache.
constexpr int64_t queryRows = 256;
/// Rows that a thread makes unit rows of: no fewer than a block of a bank has, which is not worth waking threads for.
constexpr int64_t unitRows = 256;

/// [n, ...] as a matrix with an image a row, its numbers in whatever order they lie in memory, all images' alike.
at::Tensor rows(const at::Tensor &x) {
  const int64_t n = x.size(0), p = x.numel() / n;
  const bool eachTogether = x.is_non_overlapping_and_dense() && (n == 1 || x.stride(0) == p);
  return eachTogether ? x.as_strided({n, p}, {p, 1}) : x.reshape({n, p}).contiguous();
}

}  // namespace

}  // namespace graft

using namespace graft;

extern "C" {

int32_t graft_unit_rows(const float *values, int64_t count, int64_t width, const char *device, double *lengths,
                        graft_tensor **out) {
  return guarded([&] {
    auto unit = at::empty({count, width}, at::kFloat);
    float *place = room(unit);
    parallelRanges(count, unitRows, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        const float *x = values + row * width;
        double total = 0;
        for (int64_t i = 0; i < width; i++) total += double(x[i]) * double(x[i]);
        lengths[row] = total > 0 && std::isfinite(total) ? std::sqrt(total) : 0;
        for (int64_t i = 0; i < width; i++)
          place[row * width + i] = lengths[row] > 0 ? float(double(x[i]) / lengths[row]) : 0.0f;
      }
    });
    *out = handle(unit.to(at::Device(device)));
  });
}

int32_t graft_keep_nearest(const graft_tensor *const *queries, const graft_tensor *const *bank, int64_t components,
                           const float *query_shares, const float *bank_shares, int64_t position, int64_t k,
                           uint64_t *nearest) {
  return guarded([&] {
    at::NoGradGuard guard;
    TORCH_CHECK(components == 1 || components == 2, "a search by ", components, " components");
    const int64_t q = queries[0]->value.size(0), m = bank[0]->value.size(0);
    for (int64_t c = 0; c < components; c++) {
      const auto &left = queries[c]->value, &right = bank[c]->value;
      TORCH_CHECK(left.dim() == 2 && right.dim() == 2 && left.size(0) == q && right.size(0) == m &&
                      left.size(1) == right.size(1),
                  "queries of shape ", left.sizes(), " among a bank of shape ", right.sizes());
    }
    TORCH_CHECK(k > 0 && position >= 0 && position + m <= INT32_MAX, "the ", k, " nearest of ", position + m);
    const Search search{q, m, components == 1 ? 1 : 3, position, k, query_shares, bank_shares, nearest};
    const bool isOurs = ours(queries[0]->value);
    at::Tensor products[2];
    if (!isOurs)
      for (int64_t c = 0; c < components; c++)
        products[c] = at::mm(queries[c]->value, bank[c]->value.t()).to(at::kCPU).contiguous();
    parallelPanels(q, queryRows, [&](int64_t, int64_t begin, int64_t end) {
      const int64_t size = (end - begin) * m;
      float *room = threadRoom(m + (isOurs ? components * size : 0));
      const float *found[2] = {nullptr, nullptr};
      for (int64_t c = 0; c < components; c++) {
        if (!isOurs) {
          found[c] = data(products[c]) + begin * m;
          continue;
        }
        const int64_t width = bank[c]->value.size(1);
        float *product = room + m + c * size;
        matrixProduct(false, true, end - begin, m, width, 1, data(queries[c]->value) + begin * width, width,
                      data(bank[c]->value), width, 0, product, m);
        found[c] = product;
      }
      search.keep(begin, end, found, room);
    });
  });
}

int32_t graft_sort_nearest(const uint64_t *nearest, int64_t queries, int64_t k, int64_t count, float *similarities,
                           int32_t *positions) {
  return guarded([&] {
    TORCH_CHECK(count <= k, count, " of the ", k, " nearest");
    sortNearest(nearest, queries, k, count, similarities, positions);
  });
}

int32_t graft_centred_gram(const graft_tensor *activations, double *gram, int64_t n) {
  return guarded([&] {
    at::NoGradGuard guard;
    const auto &value = activations->value;
    TORCH_CHECK(value.dim() >= 1 && value.size(0) == n && value.numel() > 0, "a Gram matrix of ", n,
                " images from activations of shape ", value.sizes());
    const auto x = rows(value.detach());
    if (ours(x)) {
      centredGram(data(x), gram, n, x.size(1));
      return;
    }
    // Means in float64, so that what is the same in all images becomes 0 exactly.
    const auto centred = x - (at::sum(x, 0, true, at::kDouble) / double(n)).to(at::kFloat);
    at::from_blob(gram, {n, n}, at::kDouble).copy_(at::mm(centred, centred.t()));
  });
}

}  // extern "C"
