/// libtorch behind a C interface.
///
/// Every function that can fail returns a status and leaves the reason for `graft_error` on the calling thread; none
/// throws and none ends the process. A tensor handed out through a `graft_tensor **` is owned by the caller and is
/// given back with `graft_tensor_free`. All tensors that networks compute with are float32.
#ifndef GRAFT_CTORCH_H
#define GRAFT_CTORCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct graft_tensor graft_tensor;

/// What a call came to. `GRAFT_MEMORY`: the machine or device had no memory left for it.
enum { GRAFT_OK = 0, GRAFT_FAILED = 1, GRAFT_MEMORY = 2 };

/// The reason of the last failure on this thread; valid until the next failing call.
const char *graft_error(void);

// Runtime

/// Sets how many threads numerics use when called from this thread: libtorch's, the BLAS's and our own kernels'.
int32_t graft_set_threads(int32_t count);
/// Keeps this process, with the threads that it starts from now on, to these processors.
int32_t graft_set_processors(const int32_t *processors, int32_t count);
/// The version of libtorch, such as "1.13.1".
const char *graft_version(void);
/// The file that holds the BLAS in use, or "" where it cannot be told.
const char *graft_blas(void);
/// The file that holds the matrix product that our own kernels call, oneDNN's or the BLAS's, or "" where it cannot be told.
const char *graft_products(void);
/// The processor whose kernels OpenBLAS has chosen, or "" for another BLAS.
const char *graft_blas_kernels(void);
/// 1 where our own kernels run (AVX2, FMA and an OpenMP runtime are there), 0 where libtorch's operators stand in.
int32_t graft_has_kernels(void);
/// Lets our own kernels run (1, the default) or makes libtorch's operators stand in (0), on this thread.
void graft_use_kernels(int32_t enabled);
/// The numbers that convolutions and products are computed with on this thread: `GRAFT_FLOAT32` (the default), or
/// rounded to `GRAFT_BFLOAT16` or `GRAFT_FLOAT16` first, their results float32 again.
enum { GRAFT_FLOAT32 = 0, GRAFT_BFLOAT16 = 1, GRAFT_FLOAT16 = 2 };
void graft_set_precision(int32_t precision);
/// The number of CUDA devices that can be used.
int32_t graft_cuda_devices(void);
/// Memory of a device in bytes; -1 for each on the CPU and where this libtorch cannot tell.
typedef struct {
  int64_t available, total;
  /// The most that this process has held of it since `graft_device_memory_anew`.
  int64_t peak;
} graft_memory;
int32_t graft_device_memory(const char *device, graft_memory *out);
/// Gives back what this process holds of a device and does not use, and begins its peak anew.
int32_t graft_device_memory_anew(const char *device);
/// Switches the recording of operations for gradients on this thread; says what it was before.
int32_t graft_set_recording(int32_t enabled);

// Tensors

int32_t graft_tensor_floats(const float *values, const int64_t *shape, int32_t rank, const char *device,
                            graft_tensor **out);
int32_t graft_tensor_integers(const int64_t *values, int64_t count, const char *device, graft_tensor **out);
void graft_tensor_free(graft_tensor *tensor);
/// `shape` has room for 8 numbers.
int32_t graft_tensor_shape(const graft_tensor *tensor, int64_t *shape, int32_t *rank);
/// Copies the values out, in row-major order of the shape whatever the memory format is.
int32_t graft_tensor_read(const graft_tensor *tensor, float *out, int64_t count);
/// The same of float64 values.
int32_t graft_tensor_read_doubles(const graft_tensor *tensor, double *out, int64_t count);
/// Copies values in, in place, from row-major order.
int32_t graft_tensor_write(graft_tensor *tensor, const float *values, int64_t count);
/// Copies another tensor's values in, in place; both of one shape.
int32_t graft_tensor_copy(graft_tensor *tensor, const graft_tensor *from);
/// A tensor of its own with the same values, in the same memory format.
int32_t graft_tensor_clone(const graft_tensor *tensor, graft_tensor **out);
/// `count` values from `first` on of a row of values, in a shape; a view of the same memory.
int32_t graft_tensor_part(const graft_tensor *row, int64_t first, int64_t count, const int64_t *shape, int32_t rank,
                          graft_tensor **out);
/// The same values in channels-last memory (rank 4), sharing nothing with the tensor.
int32_t graft_tensor_channels_last(const graft_tensor *tensor, graft_tensor **out);
/// A tensor of zeros of the same shape and memory format.
int32_t graft_tensor_zeros_like(const graft_tensor *tensor, graft_tensor **out);
/// Whether `graft_backward` leaves a gradient here: 1 or 0.
int32_t graft_tensor_require_gradient(graft_tensor *tensor, int32_t wanted);
/// The gradient that `graft_backward` left, or zeros where it left none.
int32_t graft_tensor_gradient(const graft_tensor *tensor, graft_tensor **out);
int32_t graft_tensor_clear_gradient(graft_tensor *tensor);

// Operations, with gradients

/// `bias` may be null.
int32_t graft_conv2d(const graft_tensor *x, const graft_tensor *weight, const graft_tensor *bias, int64_t stride,
                     int64_t padding_rows, int64_t padding_columns, graft_tensor **out);
/// relu(batch_norm(x) + residual): `residual` may be null, `relu` 0 or 1. In training the running statistics move.
int32_t graft_batch_norm(const graft_tensor *x, const graft_tensor *residual, const graft_tensor *scale,
                         const graft_tensor *shift, graft_tensor *mean, graft_tensor *variance, int32_t training,
                         double momentum, double epsilon, int32_t relu, graft_tensor **out);
int32_t graft_max_pool(const graft_tensor *x, int64_t size, int64_t stride, int64_t padding, graft_tensor **out);
/// Means over squares, the padding's zeros counted as values.
int32_t graft_average_pool2d(const graft_tensor *x, int64_t size, int64_t stride, int64_t padding, graft_tensor **out);
/// Images of equal size, their channels one after the other.
int32_t graft_concatenate(graft_tensor *const *parts, int64_t count, graft_tensor **out);
/// Means over rows and columns: [n, c, h, w] to [n, c].
int32_t graft_average_pool(const graft_tensor *x, graft_tensor **out);
/// x weight^T + bias over the last axis; `bias` may be null.
int32_t graft_linear(const graft_tensor *x, const graft_tensor *weight, const graft_tensor *bias, graft_tensor **out);
/// gelu(x w1^T + b1) w2^T + b2 over the last axis, with gelu(h) = h Phi(h), exactly.
int32_t graft_perceptron(const graft_tensor *x, const graft_tensor *w1, const graft_tensor *b1, const graft_tensor *w2,
                         const graft_tensor *b2, graft_tensor **out);
int32_t graft_layer_norm(const graft_tensor *x, const graft_tensor *scale, const graft_tensor *shift, double epsilon,
                         graft_tensor **out);
/// softmax(q k^T / sqrt(d)) v for [n, tokens, 3 heads d], q then k then v, to [n, tokens, heads d].
int32_t graft_attention(const graft_tensor *qkv, int64_t heads, graft_tensor **out);
/// The same within windows of `side` x `side` of an image of tokens, with a bias by relative position: [n, h, w, 3 heads d]
/// and table [(2 side - 1)^2, heads] to [n, h, w, heads d]. Windows lie shifted by `roll`, cyclically; what a shift of
/// `mask_shift` joins over the edges does not see each other.
int32_t graft_window_attention(const graft_tensor *qkv, const graft_tensor *table, int64_t side, int64_t roll,
                               int64_t mask_shift, graft_tensor **out);
/// Two by two tokens joined into one, column by column: [n, h, w, c] to [n, h/2, w/2, 4c].
int32_t graft_merge_patches(const graft_tensor *tokens, graft_tensor **out);
/// [n, h, w, c] moved cyclically.
int32_t graft_roll(const graft_tensor *tokens, int64_t down, int64_t right, graft_tensor **out);
/// [n, h, w, c] with zeros added, or rows and columns cut off, at the lower and right edges.
int32_t graft_resize_canvas(const graft_tensor *tokens, int64_t height, int64_t width, graft_tensor **out);
int32_t graft_reshape(const graft_tensor *tensor, const int64_t *shape, int32_t rank, graft_tensor **out);
/// The mean over all tokens from `first` on, along all axes between the first and the last in order.
int32_t graft_mean_tokens(const graft_tensor *tokens, int64_t first, graft_tensor **out);
/// Squares of an image as rows: [n, c, h, w] to [n, h/size w/size, c size size], as a convolution of that stride sees them.
int32_t graft_patches(const graft_tensor *image, int64_t size, graft_tensor **out);
/// The class token before the tokens of each image, and the positions added.
int32_t graft_embed(const graft_tensor *tokens, const graft_tensor *class_token, const graft_tensor *positions,
                    graft_tensor **out);
/// [n, tokens, d] to [n, d].
int32_t graft_select_token(const graft_tensor *tokens, int64_t index, graft_tensor **out);
int32_t graft_add(const graft_tensor *left, const graft_tensor *right, graft_tensor **out);
/// left + right scale, with a scale for each of the first axis: scales [n].
int32_t graft_add_scaled(const graft_tensor *left, const graft_tensor *right, const graft_tensor *scales,
                         graft_tensor **out);
int32_t graft_multiply(const graft_tensor *left, const graft_tensor *right, graft_tensor **out);
/// The mean over rows of -log softmax(logits)[label]; with weights (which may be null), each row counts its class's weight.
int32_t graft_cross_entropy(const graft_tensor *logits, const graft_tensor *labels, const graft_tensor *weights,
                            graft_tensor **out);
/// The mean over all places of the cross-entropy of sigmoid(logits) with targets of 0 or 1, both [n, classes], each times its
/// weight (which may be null).
int32_t graft_binary_cross_entropy(const graft_tensor *logits, const graft_tensor *targets,
                                   const graft_tensor *weights, graft_tensor **out);

// Representations

/// Rows [count, width] divided by their Euclidean lengths, on a device; 0 where the length is 0 or not finite, and then
/// `lengths` [count] says 0.
int32_t graft_unit_rows(const float *values, int64_t count, int64_t width, const char *device, double *lengths,
                        graft_tensor **out);
/// Enters the next rows of a bank into the k nearest of each query, by products of unit rows: queries[c] [queries,
/// width_c] with bank[c] [rows, width_c], the first row at `position` and all before it entered already.
///
/// With one component there is one search; with two there are three: by each, and by both joined, whose similarity is
/// the sum over components of product times `query_shares` [queries, 2] times `bank_shares` [rows, 2]. `nearest`
/// [searches, queries, k] is the state, read by `graft_sort_nearest`.
int32_t graft_keep_nearest(const graft_tensor *const *queries, const graft_tensor *const *bank, int64_t components,
                           const float *query_shares, const float *bank_shares, int64_t position, int64_t k,
                           uint64_t *nearest);
/// What was kept in one search's nearest [queries, k], the nearest first and of equally near ones the earlier:
/// similarities and positions [queries, count], with `count` the lesser of k and the rows entered.
int32_t graft_sort_nearest(const uint64_t *nearest, int64_t queries, int64_t k, int64_t count, float *similarities,
                           int32_t *positions);
/// gram [n, n] = c c^T of activations [n, ...], an image a row, minus the mean row; computed where the activations lie.
int32_t graft_centred_gram(const graft_tensor *activations, double *gram, int64_t n);

// Images on a device

/// 8-bit numbers, one after the other.
int32_t graft_tensor_bytes(const uint8_t *values, int64_t count, const char *device, graft_tensor **out);
/// Planar images that begin at `offsets` in `bytes`, as a canvas [n, most channels, greatest height, greatest width] of levels from 0
/// to 255 in float32, each at the upper left; what lies beyond an image has no meaning. Likewise below.
int32_t graft_images(const graft_tensor *bytes, const int64_t *offsets, const int64_t *heights, const int64_t *widths,
                     const int64_t *channels, int64_t n, graft_tensor **out);

/// The rectangle `source_*` of an image is stretched to `scaled_*` (bilinear, antialiased where it shrinks), of which the
/// rectangle `window_*` is computed, then mirrored.
typedef struct {
  int32_t source_x, source_y, source_width, source_height;
  int32_t scaled_width, scaled_height;
  int32_t window_x, window_y, window_width, window_height;
  int32_t mirror_horizontal, mirror_vertical;
} graft_resampling;

/// Every image resampled, each its own way; levels are rounded after the rows and after the columns.
int32_t graft_images_resample(const graft_tensor *images, const graft_resampling *each, int64_t n, graft_tensor **out);

/// A new image of `width` x `height` whose pixel (x, y) shows the old one, of `source_width` x `source_height`, at
/// ((m0 x + m1 y + m2) / w, (m3 x + m4 y + m5) / w) with w = m6 x + m7 y + m8, bilinear between the middles of its pixels.
/// Around the old image lies an even surface of level `fill`.
typedef struct {
  float map[9];
  int32_t source_width, source_height;
  int32_t width, height;
  float fill;
} graft_projection;

/// Every image projected, each its own way; levels are rounded.
int32_t graft_images_project(const graft_tensor *images, const graft_projection *each, int64_t n, graft_tensor **out);

/// A Gaussian kernel of `size` samples a side and deviation `sigma`, for an image of `width` x `height` that is reflected at its
/// edges; half the size must be less than either side.
typedef struct {
  int32_t size;
  float sigma;
  int32_t width, height;
} graft_blurring;

/// Blurs `count` of the images, in place; levels are rounded.
int32_t graft_images_blur(graft_tensor *images, const int64_t *which, const graft_blurring *each, int64_t count);

/// A rectangle that becomes even: a level a channel.
typedef struct {
  int32_t x, y, width, height;
  float levels[3];
} graft_erasure;

/// Erases a rectangle of `count` of the images, in place.
int32_t graft_images_erase(graft_tensor *images, const int64_t *which, const graft_erasure *each, int64_t count);

/// Blends with black, with the mean grey, with an image's own grey; turns the hue by a share of a full turn; makes grey; or
/// exchanges light and dark from the level of the factor on. The third to the fifth leave images of one channel as they are.
enum {
  GRAFT_BRIGHTNESS = 0,
  GRAFT_CONTRAST = 1,
  GRAFT_SATURATION = 2,
  GRAFT_HUE = 3,
  GRAFT_GRAYSCALE = 4,
  GRAFT_SOLARIZE = 5
};

/// Changes the colours of `count` of the images, in place; their sizes are for the mean grey.
int32_t graft_images_colour(graft_tensor *images, int32_t kind, const int64_t *which, const float *factors,
                            const float *heights, const float *widths, int64_t count);
/// (level / 255 - mean) / deviation for each of so many channels; an image of one channel fills all.
int32_t graft_images_normalise(const graft_tensor *images, const float *means, const float *deviations, int64_t channels,
                               graft_tensor **out);

// Training

/// Computes the gradients of a tensor, weighed by `seed`; a null seed is for a tensor of one number.
int32_t graft_backward(const graft_tensor *tensor, const graft_tensor *seed);
/// How an optimizer's step moves parameters.
///
/// `GRAFT_DESCENT`: gradient descent, with momentum where that is above 0. `GRAFT_ADAM`: decay within the gradient.
/// `GRAFT_ADAMW`: decay apart from it. `GRAFT_LARS`: gradient descent with momentum whose rate is, for each tensor that
/// decays, times trust |w| / (|gradient| + decay |w|) (You, Gitman & Ginsburg, 2017).
enum { GRAFT_DESCENT = 0, GRAFT_ADAM = 1, GRAFT_ADAMW = 2, GRAFT_LARS = 3 };

typedef struct {
  int32_t rule;
  double rate, decay;
  double momentum;
  int32_t nesterov;
  double beta1, beta2, epsilon;
  double trust;
  /// The number of this step, from 1.
  int64_t step;
  /// What the gradients are multiplied by before all else: clipping, and the loss's scale taken out.
  double factor;
} graft_update;

/// Where a step's loss and gradients have come to: [loss, norm] in float64 on their device, with the Euclidean norm of all
/// gradients as they are. Each gradient is brought into its parameter's memory order.
int32_t graft_step_outcome(const graft_tensor *loss, graft_tensor *const *parameters, int64_t count, graft_tensor **out);
/// Moves all parameters by their gradients, and clears those.
///
/// `decays[i]` says whether weight decay acts on parameter i. `first` holds the momentum or the first moments, `second` the
/// second ones; an entry may be null where the rule has no use for it. What changes from step to step is read from
/// `numbers` where that is given, and not from `update`: it is what a recorded move is moved by.
int32_t graft_optimizer_move(graft_tensor *const *parameters, graft_tensor *const *first, graft_tensor *const *second,
                             const uint8_t *decays, int64_t count, const graft_update *update,
                             const graft_tensor *numbers);
/// What changes from step to step in an update: float32 [`GRAFT_STEP_NUMBERS`].
enum { GRAFT_STEP_NUMBERS = 6 };
void graft_step_numbers(const graft_update *update, float *out);

// Graphs of operations on a device

/// 1 where operations on the device can be recorded and launched again as one.
int32_t graft_can_record(const char *device);
typedef struct graft_stream graft_stream;
/// Sends what this thread does on a device to a stream of its own, after all that was sent before: what is recorded has to be.
int32_t graft_stream_enter(const char *device, graft_stream **out);
/// Waits for that stream, goes back to the one before, and takes the handle.
int32_t graft_stream_leave(graft_stream *stream);
typedef struct graft_graph graft_graph;
/// From now on what this thread sends to its stream is recorded and not computed, until `graft_graph_end`; memory that it takes
/// stays the graph's. With a neighbour (which may be null) the two share it, and are launched in the order of their recording.
int32_t graft_graph_begin(const graft_graph *neighbour, graft_graph **out);
int32_t graft_graph_end(graft_graph *graph);
/// Computes what was recorded, on the values that its inputs have now.
int32_t graft_graph_replay(graft_graph *graph);
void graft_graph_free(graft_graph *graph);

// Linear algebra in float64, on plain memory in row-major order

/// Adds rows [m, d] to the moments of `count` rows before them: their mean [d] and the sum of outer products of their
/// deviations from it, [d, d] (Chan, Golub & LeVeque, 1979). Both are zeros at a count of 0.
int32_t graft_moments_add(const float *rows, int64_t m, int64_t d, int64_t count, double *mean, double *scatter);
/// left right^T of [m, d] and [n, d], to [m, n].
int32_t graft_row_products(const double *left, int64_t m, const double *right, int64_t n, int64_t d, double *out);
/// The eigenvalues of a symmetric matrix [d, d], ascending, and a unit eigenvector of each as a row of [d, d]; only the
/// lower triangle is read.
int32_t graft_symmetric_eigen(const double *values, int64_t d, double *eigenvalues, double *eigenvectors);
/// The singular values of [m, n], descending: as many as the shorter side.
int32_t graft_singular_values(const double *values, int64_t m, int64_t n, double *out);

#ifdef __cplusplus
}
#endif
#endif
