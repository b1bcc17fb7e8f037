// The operations that libtorch's own operators are slow at, on float32 in memory. Shapes are in the comments; every matrix is
// row-major and dense unless a stride says otherwise. Sums are cut at fixed places, so results do not depend on the
// number of threads.
#pragma once

#include <cstdint>

namespace graft {

/// y[m, n] = x[m, k] w[n, k]^T + bias[n] (bias may be null).
void linearForward(const float *x, const float *w, const float *bias, float *y, int64_t m, int64_t n, int64_t k);
/// dx[m, k] = dy[m, n] w[n, k], dw[n, k] = dy^T x[m, k] and db[n] = the column sums of dy (dx and db may be null).
void linearBackward(const float *x, const float *w, const float *dy, float *dx, float *dw, float *db, int64_t m,
                    int64_t n, int64_t k);

/// y[m, out] = gelu(h) w2[out, n]^T + b2[out] with h[m, n] = x[m, k] w1[n, k]^T + b1[n], which is kept for the gradient.
struct PerceptronShape {
  int64_t m, k, n, out;
};
void perceptronForward(const PerceptronShape &shape, const float *x, const float *w1, const float *b1, const float *w2,
                       const float *b2, float *h, float *y);
/// `dx` may be null; `g` and `dh` [m, n] are room to work in.
void perceptronBackward(const PerceptronShape &shape, const float *x, const float *h, const float *w1, const float *w2,
                        const float *dy, float *dx, float *dw1, float *db1, float *dw2, float *db2, float *g, float *dh);

void geluForward(const float *x, float *y, int64_t count);
void geluBackward(const float *x, const float *dy, float *dx, int64_t count);

/// Over rows of x[m, d]; `mean` and `inverse` [m] are kept for the gradient.
void layerNormForward(const float *x, const float *scale, const float *shift, float *y, float *mean, float *inverse,
                      int64_t m, int64_t d, double epsilon);
void layerNormBackward(const float *x, const float *dy, const float *scale, const float *mean, const float *inverse,
                       float *dx, float *dscale, float *dshift, int64_t m, int64_t d);

/// The mean and the biased variance of the columns of x[m, c].
void columnMoments(const float *x, double *mean, double *variance, int64_t m, int64_t c);
/// y = relu?(x factor + offset + residual): per column of x[m, c]; `residual` may be null.
void columnAffine(const float *x, const float *residual, const float *factor, const float *offset, float *y, int64_t m,
                  int64_t c, bool relu);
/// The gradients of columnAffine after batch norm in training; dy's rows lie `dyRow` apart. Where `y` is given, dy counts only where y > 0 (the
/// rectifier's gradient). `dresidual` may be null.
void batchNormBackward(const float *x, const float *y, const float *dy, const float *scale, const float *mean,
                       const float *inverse, float *dx, float *dresidual, float *dscale, float *dshift, int64_t m,
                       int64_t c, int64_t dyRow, bool training);

/// qkv[n, t, 3, heads, d] to y[n, t, heads, d]; the softmax's rows [n, heads, t, t] are kept in `weights`.
void attentionForward(const float *qkv, float *weights, float *y, int64_t n, int64_t t, int64_t heads, int64_t d);
void attentionBackward(const float *qkv, const float *weights, const float *dy, float *dqkv, int64_t n, int64_t t,
                       int64_t heads, int64_t d);

/// An image of tokens cut into square windows.
struct Windows {
  /// Images, and their height and width in tokens: multiples of `side`.
  int64_t n, h, w;
  /// Heads, and the columns of each: a multiple of 8.
  int64_t heads, d;
  /// Tokens of a window's side.
  int64_t side;
  /// By how much windows lie shifted down and right, cyclically.
  int64_t roll;
  /// The shift that is to be masked: what it joins over the image's edges does not see each other. 0 masks nothing.
  int64_t maskShift;

  int64_t count() const { return n * (h / side) * (w / side); }
  /// Rows of the bias table: one a relative position.
  int64_t tableRows() const { return (2 * side - 1) * (2 * side - 1); }
  /// The row for a window's token i that looks at its token j.
  int64_t tableRow(int64_t i, int64_t j) const;
};

/// Whether the attention below can be had for these windows.
bool windowAttentionFits(const Windows &windows);
/// qkv[n, h, w, 3, heads, d] and table[tableRows, heads] to y[n, h, w, heads, d].
void windowAttentionForward(const Windows &windows, const float *qkv, const float *table, float *y);
void windowAttentionBackward(const Windows &windows, const float *qkv, const float *table, const float *dy, float *dqkv,
                             float *dtable);

/// A convolution's form: its taps and by how much images are padded on each side.
struct Taps {
  int64_t rows, columns, rowPadding, columnPadding;

  /// Of the convolution that makes the input's gradient, with the taps in reverse.
  Taps turned() const { return {rows, columns, rows - 1 - rowPadding, columns - 1 - columnPadding}; }
};

/// A batch of images, channels last.
struct Images {
  int64_t n, h, w;

  /// What a convolution of stride 1 makes of them.
  Images convolved(const Taps &taps) const {
    return {n, h + 2 * taps.rowPadding + 1 - taps.rows, w + 2 * taps.columnPadding + 1 - taps.columns};
  }
};

/// y = the mean over 3 x 3 pixels of x[images, c], zeros beyond the edges counted in. The map is its own adjoint: it makes the
/// gradient of x from that of y as well. x's pixels lie `xPixel` apart.
void boxMean(const Images &images, const float *x, int64_t xPixel, float *y, int64_t c);

/// Whether the convolutions of stride 1 below can be had for such taps (3 x 3, 5 x 5, 1 x 7, 7 x 1) and so many channels, and
/// are worth it on such images.
bool winogradFits(const Images &images, const Taps &taps, int64_t cin, int64_t cout);
/// How many floats they need to work in, besides what each thread does.
int64_t winogradRoom(const Taps &taps, int64_t cin, int64_t cout);
int64_t winogradGradientRoom(const Images &images, const Taps &taps, int64_t cin, int64_t cout);
/// y = the convolution of x[images, cin] with w[cout, rows, columns, cin]. Turned: that of x[images, cout] with the weights in
/// reverse, to cin channels; with the turned taps it is a convolution's input gradient, from the output's.
void winogradForward(const Images &images, const Taps &taps, const float *x, const float *w, float *y, int64_t cin,
                     int64_t cout, bool turned, float *room);
/// From x[images, cin] and the output's gradient.
void winogradWeightGradient(const Images &images, const Taps &taps, const float *x, const float *dy, float *dw, int64_t cin,
                            int64_t cout, float *room);

/// Enters so many rows of a bank, the first at `position`, into the k nearest of a query; all before them were entered
/// already. `nearest` [k] holds a number for each neighbour, by which they are ordered: the nearer the greater, of
/// equally near ones the earlier.
void keepNearest(const float *similarities, int64_t count, int64_t position, int64_t k, uint64_t *nearest);
/// The first `count` of nearest[queries, k] from the nearest on: similarities and positions [queries, count].
void sortNearest(const uint64_t *nearest, int64_t queries, int64_t k, int64_t count, float *similarities,
                 int32_t *positions);

/// gram[n, n] = c c^T, with c = x[n, p] minus the means of its columns.
void centredGram(const float *x, double *gram, int64_t n, int64_t p);

/// The sum of squares.
double squareSum(const float *x, int64_t count);
/// One step of Adam or AdamW of one tensor; `clip` multiplies the gradient first. `coupled`: the decay is part of the
/// gradient (Adam), else it shrinks the parameter apart from it (AdamW).
struct AdamStep {
  double rate, beta1, beta2, epsilon, decay, clip;
  int64_t step;
  bool coupled;
};
void adam(float *parameter, const float *gradient, float *first, float *second, int64_t count, const AdamStep &step);
/// One step of gradient descent with momentum of one tensor: the slope is `clip` times the gradient plus `decay` times the
/// parameter, times `scale`. `velocity` may be null where there is no momentum.
struct DescentStep {
  double rate, momentum, decay, clip, scale;
  bool nesterov;
};
void descent(float *parameter, const float *gradient, float *velocity, int64_t count, const DescentStep &step);

}  // namespace graft
