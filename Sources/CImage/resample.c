#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Separable bilinear resampling whose triangle widens when the image shrinks (antialiasing), in fixed point, rows before
   columns and rounded to 8 bits between the two: the arithmetic of Pillow's `Image.resize(..., BILINEAR)`. */

#define WEIGHT_BITS 22

/* For each output sample: where its source samples begin, how many there are, and their weights. */
typedef struct {
  int32_t *first;
  int32_t *count;
  int32_t *weights;
  int32_t stride;
} axis_weights;

void *cimage_scratch_take(cimage_scratch *scratch, size_t size) {
  if (scratch->size >= size) return scratch->memory;
  free(scratch->memory);
  scratch->memory = malloc(size);
  scratch->size = scratch->memory ? size : 0;
  return scratch->memory;
}

static int32_t taps(int32_t in_size, int32_t out_size) {
  double scale = (double)in_size / out_size;
  double support = scale > 1 ? scale : 1;
  return (int32_t)ceil(support) * 2 + 1;
}

static size_t axis_bytes(int32_t in_size, int32_t out_size, int32_t window) {
  return sizeof(int32_t) * (size_t)window * (2 + (size_t)taps(in_size, out_size)) + 64;
}

/* Weights of the outputs `start` ..< `start + window` of an axis resized from `in_size` to `out_size` samples. */
static void make_weights(axis_weights *axis, void *memory, int32_t in_size, int32_t out_size, int32_t start,
                         int32_t window, int mirrored) {
  double scale = (double)in_size / out_size;
  double support = scale > 1 ? scale : 1;
  axis->stride = taps(in_size, out_size);
  axis->first = memory;
  axis->count = axis->first + window;
  axis->weights = axis->count + window;
  double sharpness = 1 / support;
  for (int32_t i = 0; i < window; i++) {
    int32_t output = start + (mirrored ? window - 1 - i : i);
    double centre = (output + 0.5) * scale;
    int32_t first = (int32_t)(centre - support + 0.5);
    if (first < 0) first = 0;
    int32_t end = (int32_t)(centre + support + 0.5);
    if (end > in_size) end = in_size;
    int32_t count = end - first;
    if (count > axis->stride) count = axis->stride;
    int32_t *weights = axis->weights + (size_t)i * axis->stride;
    double total = 0;
    for (int32_t k = 0; k < count; k++) {
      double distance = fabs((k + first - centre + 0.5) * sharpness);
      if (distance < 1) total += 1 - distance;
    }
    for (int32_t k = 0; k < count; k++) {
      double distance = fabs((k + first - centre + 0.5) * sharpness);
      double weight = distance < 1 && total > 0 ? (1 - distance) / total : 0;
      weights[k] = (int32_t)(0.5 + weight * (1 << WEIGHT_BITS));
    }
    while (count > 1 && weights[count - 1] == 0) count--;
    axis->first[i] = first;
    axis->count[i] = count;
  }
}

static inline uint8_t rounded(int32_t sum) {
  int32_t value = sum >> WEIGHT_BITS;
  return value > 255 ? 255 : (uint8_t)value;
}

static void resample_row(const uint8_t *restrict source, const axis_weights *axis, int32_t window,
                         uint8_t *restrict output) {
  for (int32_t x = 0; x < window; x++) {
    const uint8_t *from = source + axis->first[x];
    const int32_t *weights = axis->weights + (size_t)x * axis->stride;
    int32_t count = axis->count[x];
    int32_t sum = 1 << (WEIGHT_BITS - 1);
    for (int32_t k = 0; k < count; k++) sum += weights[k] * from[k];
    output[x] = rounded(sum);
  }
}

CIMAGE_KERNEL
static void add_rows(const uint8_t *restrict source, size_t stride, const int32_t *restrict weights, int32_t count,
                     int32_t width, uint8_t *restrict output) {
  if (count == 2) {
    const uint8_t *second = source + stride;
    int32_t a = weights[0], b = weights[1];
    for (int32_t x = 0; x < width; x++) output[x] = rounded((1 << (WEIGHT_BITS - 1)) + a * source[x] + b * second[x]);
    return;
  }
  int32_t x = 0;
  for (; x + 64 <= width; x += 64) {
    int32_t sums[64];
    for (int i = 0; i < 64; i++) sums[i] = 1 << (WEIGHT_BITS - 1);
    for (int32_t k = 0; k < count; k++) {
      const uint8_t *row = source + (size_t)k * stride + x;
      int32_t weight = weights[k];
      for (int i = 0; i < 64; i++) sums[i] += weight * row[i];
    }
    for (int i = 0; i < 64; i++) output[x + i] = rounded(sums[i]);
  }
  for (; x < width; x++) {
    int32_t sum = 1 << (WEIGHT_BITS - 1);
    for (int32_t k = 0; k < count; k++) sum += weights[k] * source[(size_t)k * stride + x];
    output[x] = rounded(sum);
  }
}

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
  size_t row_bytes = scales_y ? (size_t)window_width * r->source_height : 0;
  uint8_t *memory = cimage_scratch_take(scratch, x_bytes + y_bytes + row_bytes + 1);
  if (!memory) return 0;
  x_bytes &= ~(size_t)15;
  y_bytes &= ~(size_t)15;
  axis_weights x_axis, y_axis;
  if (scales_x) {
    make_weights(&x_axis, memory, r->source_width, r->scaled_width, r->window_x, window_width, r->mirror_horizontal);
  }
  if (scales_y) {
    make_weights(&y_axis, memory + x_bytes, r->source_height, r->scaled_height, r->window_y, window_height,
                 r->mirror_vertical);
  }
  uint8_t *rows = memory + x_bytes + y_bytes;

  for (int32_t c = 0; c < channels; c++) {
    const uint8_t *plane = source + (size_t)c * width * height + (size_t)r->source_y * width + r->source_x;
    uint8_t *target = output + (size_t)c * window_width * window_height;
    int32_t from = 0, to = window_height;
    if (scales_y) {
      from = r->source_height;
      to = 0;
      for (int32_t y = 0; y < window_height; y++) {
        if (y_axis.first[y] < from) from = y_axis.first[y];
        if (y_axis.first[y] + y_axis.count[y] > to) to = y_axis.first[y] + y_axis.count[y];
      }
    }
    for (int32_t y = from; y < to; y++) {
      int32_t source_row = scales_y ? y : r->window_y + (r->mirror_vertical ? window_height - 1 - y : y);
      const uint8_t *row = plane + (size_t)source_row * width;
      uint8_t *place = (scales_y ? rows : target) + (size_t)y * window_width;
      if (scales_x) {
        resample_row(row, &x_axis, window_width, place);
      } else {
        copy_row(row, r->window_x, window_width, r->mirror_horizontal, place);
      }
    }
    if (!scales_y) continue;
    for (int32_t y = 0; y < window_height; y++) {
      add_rows(rows + (size_t)y_axis.first[y] * window_width, (size_t)window_width,
               y_axis.weights + (size_t)y * y_axis.stride, y_axis.count[y], window_width,
               target + (size_t)y * window_width);
    }
  }
  return 1;
}
