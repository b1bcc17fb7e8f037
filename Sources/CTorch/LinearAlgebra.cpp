// Linear algebra in float64 on plain memory: what is measured of features, not what networks compute. The eigenvalues
// and singular values are LAPACK's, as libtorch calls it.
#include "Handle.h"

using namespace graft;

namespace {

at::Tensor matrix(const double *values, int64_t rows, int64_t columns) {
  return at::from_blob(const_cast<double *>(values), {rows, columns}, at::TensorOptions().dtype(at::kDouble));
}

at::Tensor vector(double *values, int64_t count) {
  return at::from_blob(values, {count}, at::TensorOptions().dtype(at::kDouble));
}

}  // namespace

extern "C" {

int32_t graft_moments_add(const float *rows, int64_t m, int64_t d, int64_t count, double *mean, double *scatter) {
  return guarded([&] {
    TORCH_CHECK(m > 0 && d > 0 && count >= 0, "moments of ", m, " rows of ", d, " numbers after ", count);
    const at::NoGradGuard unrecorded;
    auto x = at::from_blob(const_cast<float *>(rows), {m, d}, at::TensorOptions().dtype(at::kFloat)).to(at::kDouble);
    auto centre = vector(mean, d), sum = matrix(scatter, d, d);
    const auto own = x.mean(0);
    x.sub_(own);
    sum.addmm_(x.t(), x);
    const auto shift = own - centre;
    const double share = double(m) / double(count + m);
    sum.addr_(shift, shift, 1, double(count) * share);
    centre.add_(shift, share);
  });
}

int32_t graft_row_products(const double *left, int64_t m, const double *right, int64_t n, int64_t d, double *out) {
  return guarded([&] {
    const at::NoGradGuard unrecorded;
    auto products = matrix(out, m, n);
    at::mm_out(products, matrix(left, m, d), matrix(right, n, d).t());
  });
}

int32_t graft_symmetric_eigen(const double *values, int64_t d, double *eigenvalues, double *eigenvectors) {
  return guarded([&] {
    const at::NoGradGuard unrecorded;
    const auto [found, vectors] = at::linalg_eigh(matrix(values, d, d), "L");
    vector(eigenvalues, d).copy_(found);
    matrix(eigenvectors, d, d).copy_(vectors.t());
  });
}

int32_t graft_singular_values(const double *values, int64_t m, int64_t n, double *out) {
  return guarded([&] {
    const at::NoGradGuard unrecorded;
    vector(out, std::min(m, n)).copy_(at::linalg_svdvals(matrix(values, m, n)));
  });
}

}  // extern "C"
