#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#define HAS_AVX2_KERNELS 1
#else
#define HAS_AVX2_KERNELS 0
#endif

/* Separable bilinear resampling whose triangle widens when the image shrinks (antialiasing), in fixed point, rows before
   columns and rounded to 8 bits between the two: as Pillow's `Image.resize(..., BILINEAR)` and torchvision's
   `antialias=True` do it, within a grey level. Every kernel below gives the same numbers. */

/* A weight of 1; whole weights fit 16 bits, so that a processor multiplies many at once. Those of one output sum to
   exactly 1: an even surface stays what it is. */
#define WEIGHT_BITS 14
#define HALF (1 << (WEIGHT_BITS - 1))

/* For each output sample: where its source samples begin, how many there are, and their weights (`stride` apart, the
   unused ones 0). */
typedef struct {
  int32_t *first;
  int32_t *count;
  int16_t *weights;
  int32_t stride;
} axis_weights;

void *cimage_scratch_take(cimage_scratch *scratch, size_t size) {
  if (scratch->size >= size) return scratch->memory;
  free(scratch->memory);
  scratch->memory = malloc(size);
  scratch->size = scratch->memory ? size : 0;
  return scratch->memory;
}

/* Room for the weights of one output: even, as they are used in pairs. */
static int32_t taps(int32_t in_size, int32_t out_size) {
  double scale = (double)in_size / out_size;
  double support = scale > 1 ? scale : 1;
  return ((int32_t)ceil(support) * 2 + 2) & ~1;
}

static size_t axis_bytes(int32_t in_size, int32_t out_size, int32_t window) {
  size_t bytes = (size_t)window * (2 * sizeof(int32_t) + sizeof(int16_t) * (size_t)taps(in_size, out_size));
  return (bytes + 31) & ~(size_t)31;
}

static double triangle(double distance) {
  distance = fabs(distance);
  return distance < 1 ? 1 - distance : 0;
}

/* Weights of the outputs `start` ..< `start + window` of an axis resized from `in_size` to `out_size` samples. */
static void make_weights(axis_weights *axis, void *memory, int32_t in_size, int32_t out_size, int32_t start,
                         int32_t window, int mirrored) {
  double scale = (double)in_size / out_size;
  double support = scale > 1 ? scale : 1;
  double sharpness = 1 / support;
  axis->stride = taps(in_size, out_size);
  axis->first = memory;
  axis->count = axis->first + window;
  axis->weights = (int16_t *)(axis->count + window);
  for (int32_t i = 0; i < window; i++) {
    int32_t output = start + (mirrored ? window - 1 - i : i);
    double centre = (output + 0.5) * scale;
    int32_t first = (int32_t)(centre - support + 0.5);
    if (first < 0) first = 0;
    int32_t end = (int32_t)(centre + support + 0.5);
    if (end > in_size) end = in_size;
    int32_t count = end - first < axis->stride ? end - first : axis->stride;
    int16_t *weights = axis->weights + (size_t)i * axis->stride;
    memset(weights, 0, sizeof(int16_t) * (size_t)axis->stride);
    double total = 0;
    for (int32_t k = 0; k < count; k++) total += triangle((k + first - centre + 0.5) * sharpness);
    int32_t rest = 1 << WEIGHT_BITS, heaviest = 0;
    for (int32_t k = 0; k < count; k++) {
      double weight = triangle((k + first - centre + 0.5) * sharpness) / total;
      weights[k] = (int16_t)(0.5 + weight * (1 << WEIGHT_BITS));
      rest -= weights[k];
      if (weights[k] > weights[heaviest]) heaviest = k;
    }
    weights[heaviest] = (int16_t)(weights[heaviest] + rest);
    while (count > 1 && weights[count - 1] == 0) count--;
    axis->first[i] = first;
    axis->count[i] = count;
  }
}

static inline uint8_t rounded(int32_t sum) { return (uint8_t)(sum >> WEIGHT_BITS); }

static inline uint8_t weighted(const uint8_t *samples, size_t stride, const int16_t *weights, int32_t count) {
  int32_t sum = HALF;
  for (int32_t k = 0; k < count; k++) sum += weights[k] * samples[(size_t)k * stride];
  return rounded(sum);
}

static void resample_row(const uint8_t *restrict source, const axis_weights *axis, int32_t from, int32_t to,
                         uint8_t *restrict output) {
  for (int32_t x = from; x < to; x++) {
    output[x] = weighted(source + axis->first[x], 1, axis->weights + (size_t)x * axis->stride, axis->count[x]);
  }
}

static void add_rows(const uint8_t *restrict source, size_t stride, const int16_t *restrict weights, int32_t count,
                     int32_t from, int32_t to, uint8_t *restrict output) {
  for (int32_t x = from; x < to; x++) output[x] = weighted(source + x, stride, weights, count);
}

#if HAS_AVX2_KERNELS

/* Four outputs of a row at a time, while their samples lie within 16 bytes: `shuffles` brings the samples of each output
   side by side in pairs of 16-bit numbers, to be multiplied by `weights`. Made once for all rows of all channels. */
typedef struct {
  int32_t blocks;
  int32_t pairs;
  /* First byte of each block. */
  int32_t *first;
  /* [block][pair], 16 bytes each. */
  uint8_t *shuffles;
  int16_t *weights;
} row_plan;

#define LANES 4

static int32_t plan_pairs(const axis_weights *axis, int32_t window) {
  int32_t most = 0;
  for (int32_t x = 0; x < window; x++) most = axis->count[x] > most ? axis->count[x] : most;
  return (most + 1) / 2;
}

static size_t plan_bytes(int32_t window, int32_t stride) {
  size_t blocks = (size_t)window / LANES;
  return ((blocks * sizeof(int32_t) + 31) & ~(size_t)31) + blocks * (size_t)(stride / 2) * 32;
}

/* Plans as many blocks from the left as can be read without passing the end of the source row; the rest of the row, and
   all of it where the samples lie too far apart, goes the plain way. */
static void make_plan(row_plan *plan, void *memory, const axis_weights *axis, int32_t window, int32_t source_width) {
  int32_t blocks = window / LANES;
  plan->pairs = plan_pairs(axis, window);
  plan->first = memory;
  plan->shuffles = (uint8_t *)memory + (((size_t)blocks * sizeof(int32_t) + 31) & ~(size_t)31);
  plan->weights = (int16_t *)(plan->shuffles + (size_t)blocks * plan->pairs * 16);
  plan->blocks = 0;
  for (int32_t block = 0; block < blocks; block++) {
    int32_t first = INT32_MAX, end = 0;
    for (int32_t lane = 0; lane < LANES; lane++) {
      int32_t x = block * LANES + lane;
      if (axis->first[x] < first) first = axis->first[x];
      if (axis->first[x] + axis->count[x] > end) end = axis->first[x] + axis->count[x];
    }
    if (end - first > 16) return;
    /* Sixteen bytes are read: near the row's end, from further left. */
    if (first + 16 > source_width) first = source_width - 16;
    if (first < 0) return;
    plan->first[block] = first;
    for (int32_t pair = 0; pair < plan->pairs; pair++) {
      uint8_t *shuffle = plan->shuffles + ((size_t)block * plan->pairs + pair) * 16;
      int16_t *weights = plan->weights + ((size_t)block * plan->pairs + pair) * 8;
      for (int32_t lane = 0; lane < LANES; lane++) {
        int32_t x = block * LANES + lane;
        for (int32_t half = 0; half < 2; half++) {
          int32_t k = 2 * pair + half;
          int used = k < axis->count[x];
          shuffle[lane * 4 + half * 2] = used ? (uint8_t)(axis->first[x] + k - first) : 0x80;
          shuffle[lane * 4 + half * 2 + 1] = 0x80;
          weights[lane * 2 + half] = used ? axis->weights[(size_t)x * axis->stride + k] : 0;
        }
      }
    }
    plan->blocks = block + 1;
  }
}

__attribute__((target("avx2"))) static void run_plan(const row_plan *plan, const uint8_t *source, uint8_t *output) {
  const __m128i half = _mm_set1_epi32(HALF);
  const __m128i lowest = _mm_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 12, 8, 4, 0);
  const __m128i *shuffles = (const __m128i *)plan->shuffles;
  const __m128i *weights = (const __m128i *)plan->weights;
  for (int32_t block = 0; block < plan->blocks; block++) {
    __m128i samples = _mm_loadu_si128((const __m128i *)(source + plan->first[block]));
    __m128i sum = half;
    for (int32_t pair = 0; pair < plan->pairs; pair++) {
      __m128i chosen = _mm_shuffle_epi8(samples, _mm_loadu_si128(shuffles++));
      sum = _mm_add_epi32(sum, _mm_madd_epi16(chosen, _mm_loadu_si128(weights++)));
    }
    sum = _mm_shuffle_epi8(_mm_srli_epi32(sum, WEIGHT_BITS), lowest);
    int32_t four = _mm_cvtsi128_si32(sum);
    memcpy(output + LANES * block, &four, LANES);
  }
}

/* Sixteen outputs of a column pass at a time; returns how many were made. */
__attribute__((target("avx2"))) static int32_t add_rows_avx2(const uint8_t *source, size_t stride,
                                                             const int16_t *weights, int32_t count, int32_t width,
                                                             uint8_t *output) {
  const __m256i half = _mm256_set1_epi32(HALF);
  int32_t x = 0;
  for (; x + 16 <= width; x += 16) {
    __m256i low = half, high = half;
    for (int32_t k = 0; k < count; k += 2) {
      const uint8_t *row = source + (size_t)k * stride + x;
      int has_second = k + 1 < count;
      __m256i a = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)row));
      __m256i b = has_second ? _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(row + stride)))
                             : _mm256_setzero_si256();
      uint32_t pair = (uint16_t)weights[k] | (has_second ? (uint32_t)(uint16_t)weights[k + 1] << 16 : 0);
      __m256i factors = _mm256_set1_epi32((int32_t)pair);
      low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), factors));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), factors));
    }
    low = _mm256_srli_epi32(low, WEIGHT_BITS);
    high = _mm256_srli_epi32(high, WEIGHT_BITS);
    __m256i words = _mm256_packus_epi32(low, high);
    __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128((__m128i *)(output + x), bytes);
  }
  return x;
}

#endif

static void copy_row(const uint8_t *source, int32_t start, int32_t window, int mirrored, uint8_t *output) {
  if (!mirrored) {
    memcpy(output, source + start, (size_t)window);
    return;
  }
  for (int32_t x = 0; x < window; x++) output[x] = source[start + window - 1 - x];
}

int cimage_resample(const uint8_t *source, int32_t width, int32_t height, int32_t channels,
                    const cimage_resampling *resampling, uint8_t *output, cimage_scratch *scratch) {
  const cimage_resampling *r = resampling;
  int32_t window_width = r->window_width, window_height = r->window_height;
  int scales_x = r->scaled_width != r->source_width;
  int scales_y = r->scaled_height != r->source_height;
  size_t x_bytes = scales_x ? axis_bytes(r->source_width, r->scaled_width, window_width) : 0;
  size_t y_bytes = scales_y ? axis_bytes(r->source_height, r->scaled_height, window_height) : 0;
  size_t row_bytes = scales_y ? (((size_t)window_width * r->source_height + 31) & ~(size_t)31) : 0;
  size_t all_bytes = x_bytes + y_bytes + row_bytes;
#if HAS_AVX2_KERNELS
  int has_avx2 = __builtin_cpu_supports("avx2");
  int planned = has_avx2 && scales_x;
  if (planned) all_bytes += plan_bytes(window_width, taps(r->source_width, r->scaled_width));
#endif
  uint8_t *memory = cimage_scratch_take(scratch, all_bytes + 1);
  if (!memory) return 0;
  axis_weights x_axis, y_axis;
  if (scales_x) {
    make_weights(&x_axis, memory, r->source_width, r->scaled_width, r->window_x, window_width, r->mirror_horizontal);
  }
  if (scales_y) {
    make_weights(&y_axis, memory + x_bytes, r->source_height, r->scaled_height, r->window_y, window_height,
                 r->mirror_vertical);
  }
  uint8_t *rows = memory + x_bytes + y_bytes;
#if HAS_AVX2_KERNELS
  row_plan plan = {0};
  if (planned) make_plan(&plan, rows + row_bytes, &x_axis, window_width, r->source_width);
#endif

  int32_t from = 0, to = window_height;
  if (scales_y) {
    from = r->source_height;
    to = 0;
    for (int32_t y = 0; y < window_height; y++) {
      if (y_axis.first[y] < from) from = y_axis.first[y];
      if (y_axis.first[y] + y_axis.count[y] > to) to = y_axis.first[y] + y_axis.count[y];
    }
  }
  for (int32_t c = 0; c < channels; c++) {
    const uint8_t *plane = source + (size_t)c * width * height + (size_t)r->source_y * width + r->source_x;
    uint8_t *target = output + (size_t)c * window_width * window_height;
    for (int32_t y = from; y < to; y++) {
      int32_t source_row = scales_y ? y : r->window_y + (r->mirror_vertical ? window_height - 1 - y : y);
      const uint8_t *row = plane + (size_t)source_row * width;
      uint8_t *place = (scales_y ? rows : target) + (size_t)y * window_width;
      if (!scales_x) {
        copy_row(row, r->window_x, window_width, r->mirror_horizontal, place);
        continue;
      }
      int32_t done = 0;
#if HAS_AVX2_KERNELS
      if (planned) {
        run_plan(&plan, row, place);
        done = plan.blocks * LANES;
      }
#endif
      resample_row(row, &x_axis, done, window_width, place);
    }
    if (!scales_y) continue;
    for (int32_t y = 0; y < window_height; y++) {
      const uint8_t *first = rows + (size_t)y_axis.first[y] * window_width;
      const int16_t *weights = y_axis.weights + (size_t)y * y_axis.stride;
      uint8_t *place = target + (size_t)y * window_width;
      int32_t done = 0;
#if HAS_AVX2_KERNELS
      if (has_avx2) done = add_rows_avx2(first, (size_t)window_width, weights, y_axis.count[y], window_width, place);
#endif
      add_rows(first, (size_t)window_width, weights, y_axis.count[y], done, window_width, place);
    }
  }
  return 1;
}
