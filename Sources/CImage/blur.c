#include "internal.h"

#include <math.h>

/* Gaussian blur as torchvision's on tensors: a kernel of `size` samples that sum to 1, the image reflected at its edges
   without repeating them, float32 throughout and rounded once. The two directions are done one after the other, which gives
   the same but for the last bits. */

#define BLOCK 32

static int32_t reflected(int32_t place, int32_t size) {
  place = place < 0 ? -place : place;
  return place < size ? place : 2 * size - 2 - place;
}

/* The middle weight, then those to either side. */
static void make_weights(int32_t radius, float sigma, float *weights) {
  double total = 0;
  for (int32_t k = 0; k <= radius; k++) {
    double ratio = k / (double)sigma;
    double weight = exp(-0.5 * ratio * ratio);
    weights[k] = (float)weight;
    total += k == 0 ? weight : 2 * weight;
  }
  for (int32_t k = 0; k <= radius; k++) weights[k] = (float)(weights[k] / total);
}

/* `count` samples, padded by the radius on both sides and up to a whole block. */
CIMAGE_KERNEL
static void blur_row(const float *restrict padded, const float *restrict weights, int32_t radius, int32_t count,
                     float *restrict output) {
  for (int32_t start = 0; start < count; start += BLOCK) {
    const float *middle = padded + start + radius;
    float sums[BLOCK];
    for (int32_t i = 0; i < BLOCK; i++) sums[i] = weights[0] * middle[i];
    for (int32_t k = 1; k <= radius; k++) {
      for (int32_t i = 0; i < BLOCK; i++) sums[i] += weights[k] * (middle[i - k] + middle[i + k]);
    }
    for (int32_t i = 0; i < BLOCK; i++) output[start + i] = sums[i];
  }
}

/* One row of the result from the rows around it: `before[k]` and `after[k]` are k rows away. */
CIMAGE_KERNEL
static void blur_column(const float *const *before, const float *const *after, const float *restrict weights,
                        int32_t radius, int32_t count, uint8_t *restrict output) {
  for (int32_t start = 0; start < count; start += BLOCK) {
    float sums[BLOCK];
    for (int32_t i = 0; i < BLOCK; i++) sums[i] = weights[0] * before[0][start + i];
    for (int32_t k = 1; k <= radius; k++) {
      const float *above = before[k] + start, *below = after[k] + start;
      for (int32_t i = 0; i < BLOCK; i++) sums[i] += weights[k] * (above[i] + below[i]);
    }
    uint8_t levels[BLOCK];
    for (int32_t i = 0; i < BLOCK; i++) levels[i] = (uint8_t)(sums[i] + 0.5f);
    int32_t rest = count - start < BLOCK ? count - start : BLOCK;
    for (int32_t i = 0; i < rest; i++) output[start + i] = levels[i];
  }
}

int cimage_blur(uint8_t *pixels, int32_t width, int32_t height, int32_t channels, int32_t size, float sigma,
                cimage_scratch *scratch) {
  int32_t radius = size / 2;
  size_t stride = ((size_t)width + BLOCK - 1) / BLOCK * BLOCK;
  size_t padded = stride + 2 * (size_t)radius;
  size_t pointers = 2 * sizeof(float *) * (size_t)(radius + 1);
  char *memory = cimage_scratch_take(
      scratch, pointers + sizeof(float) * ((size_t)radius + 1 + padded + stride * (size_t)height));
  if (!memory) return 0;
  const float **before = (const float **)(void *)memory, **after = before + radius + 1;
  float *weights = (float *)(void *)(memory + pointers), *row = weights + radius + 1, *rows = row + padded;
  make_weights(radius, sigma, weights);
  for (size_t i = (size_t)width + 2 * (size_t)radius; i < padded; i++) row[i] = 0;
  for (int32_t c = 0; c < channels; c++) {
    uint8_t *plane = pixels + (size_t)c * width * height;
    for (int32_t y = 0; y < height; y++) {
      const uint8_t *from = plane + (size_t)y * width;
      for (int32_t k = 0; k < radius; k++) {
        row[k] = from[reflected(k - radius, width)];
        row[radius + width + k] = from[reflected(width + k, width)];
      }
      for (int32_t x = 0; x < width; x++) row[radius + x] = from[x];
      blur_row(row, weights, radius, width, rows + (size_t)y * stride);
    }
    for (int32_t y = 0; y < height; y++) {
      for (int32_t k = 0; k <= radius; k++) {
        before[k] = rows + (size_t)reflected(y - k, height) * stride;
        after[k] = rows + (size_t)reflected(y + k, height) * stride;
      }
      blur_column(before, after, weights, radius, width, plane + (size_t)y * width);
    }
  }
  return 1;
}
