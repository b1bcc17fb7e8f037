#include "internal.h"

#include <math.h>

/* Colour steps on planar 8-bit images, with the arithmetic of torchvision's functional transforms on uint8 tensors:
   results are cut off, not rounded, to whole levels. */

static void through_table(uint8_t *samples, size_t count, const uint8_t *table) {
  for (size_t i = 0; i < count; i++) samples[i] = table[samples[i]];
}

static inline uint8_t clamped(float value) {
  value = value < 0 ? 0 : value;
  value = value > 255 ? 255 : value;
  return (uint8_t)value;
}

static inline float luma(float red, float green, float blue) {
  return (float)(int32_t)(0.2989f * red + 0.587f * green + 0.114f * blue);
}

static void blend_with_level(uint8_t *pixels, size_t count, float level, float factor) {
  uint8_t table[256];
  for (int v = 0; v < 256; v++) table[v] = clamped(factor * (float)v + (1 - factor) * level);
  through_table(pixels, count, table);
}

static void solarize(uint8_t *pixels, size_t count, float threshold) {
  uint8_t table[256];
  for (int v = 0; v < 256; v++) table[v] = (uint8_t)((float)v >= threshold ? 255 - v : v);
  through_table(pixels, count, table);
}

CIMAGE_KERNEL
static uint64_t luma_total(const uint8_t *red, const uint8_t *green, const uint8_t *blue, size_t count) {
  uint64_t total = 0;
  for (size_t start = 0; start < count; start += 65536) {
    size_t end = count - start < 65536 ? count : start + 65536;
    uint32_t part = 0;
    for (size_t i = start; i < end; i++) part += (uint32_t)(int32_t)luma(red[i], green[i], blue[i]);
    total += part;
  }
  return total;
}

static float mean_level(const uint8_t *pixels, size_t count, int32_t channels) {
  uint64_t total, squares;
  if (channels == 3) {
    total = luma_total(pixels, pixels + count, pixels + 2 * count, count);
  } else {
    cimage_sums(pixels, count, &total, &squares);
  }
  return (float)((double)total / (double)count);
}

CIMAGE_KERNEL
static void saturate(uint8_t *restrict red, uint8_t *restrict green, uint8_t *restrict blue, size_t count,
                     float factor) {
  for (size_t i = 0; i < count; i++) {
    float r = red[i], g = green[i], b = blue[i];
    float grey = (1 - factor) * luma(r, g, b);
    red[i] = clamped(factor * r + grey);
    green[i] = clamped(factor * g + grey);
    blue[i] = clamped(factor * b + grey);
  }
}

CIMAGE_KERNEL
static void grey_out(uint8_t *restrict red, uint8_t *restrict green, uint8_t *restrict blue, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint8_t grey = (uint8_t)luma(red[i], green[i], blue[i]);
    red[i] = grey;
    green[i] = grey;
    blue[i] = grey;
  }
}

static inline float of_hue(float hue6, float shift, float value, float chroma) {
  float k = hue6 + shift;
  k = k >= 6 ? k - 6 : k;
  float other = 4 - k;
  float least = k < other ? k : other;
  least = least < 1 ? least : 1;
  least = least > 0 ? least : 0;
  return value - chroma * least;
}

CIMAGE_KERNEL
static void turn_hue(uint8_t *restrict red, uint8_t *restrict green, uint8_t *restrict blue, size_t count,
                     float turn) {
  const float one = 1.0f / 255.0f;
  const float back = 255.0f + 1.0f - 1e-3f;
  float turn6 = turn * 6;
  for (size_t i = 0; i < count; i++) {
    float r = red[i] * one, g = green[i] * one, b = blue[i] * one;
    float most = r > g ? r : g;
    most = most > b ? most : b;
    float least = r < g ? r : g;
    least = least < b ? least : b;
    float chroma = most - least;
    float divisor = chroma > 0 ? chroma : 1;
    float at_red = (g - b) / divisor;
    float at_green = 2 + (b - r) / divisor;
    float at_blue = 4 + (r - g) / divisor;
    float hue6 = most == r ? at_red : (most == g ? at_green : at_blue);
    hue6 = chroma > 0 ? hue6 : 0;
    hue6 = hue6 + turn6;
    hue6 = hue6 < 0 ? hue6 + 6 : hue6;
    hue6 = hue6 >= 6 ? hue6 - 6 : hue6;
    hue6 = hue6 < 0 ? hue6 + 6 : hue6;
    red[i] = clamped(of_hue(hue6, 5, most, chroma) * back);
    green[i] = clamped(of_hue(hue6, 3, most, chroma) * back);
    blue[i] = clamped(of_hue(hue6, 1, most, chroma) * back);
  }
}

void cimage_colour(uint8_t *pixels, size_t count, int32_t channels, int32_t kind, float factor) {
  uint8_t *green = pixels + count, *blue = pixels + 2 * count;
  switch (kind) {
    case CIMAGE_BRIGHTNESS:
      blend_with_level(pixels, count * channels, 0, factor);
      break;
    case CIMAGE_CONTRAST:
      blend_with_level(pixels, count * channels, mean_level(pixels, count, channels), factor);
      break;
    case CIMAGE_SATURATION:
      if (channels == 3) saturate(pixels, green, blue, count, factor);
      break;
    case CIMAGE_HUE:
      if (channels == 3 && factor != 0) turn_hue(pixels, green, blue, count, factor);
      break;
    case CIMAGE_SOLARIZE:
      solarize(pixels, count * channels, factor);
      break;
    default:
      if (channels == 3) grey_out(pixels, green, blue, count);
      break;
  }
}
