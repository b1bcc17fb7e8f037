#include "rows.h"

#include <stdlib.h>
#include <string.h>

static int32_t chosen_factor(uint32_t width, uint32_t height, cimage_target target) {
  if ((uint64_t)width * height <= CIMAGE_MOST_WHOLE_PIXELS) return 1;
  if (target.short_side <= 0 && target.width <= 0 && target.height <= 0) return 1;
  int32_t wanted_width = target.width > target.short_side ? target.width : target.short_side;
  int32_t wanted_height = target.height > target.short_side ? target.height : target.short_side;
  int32_t factor = 1;
  while (factor < 64) {
    uint32_t next = (uint32_t)factor * 2;
    if ((int64_t)((width + next - 1) / next) < wanted_width || (int64_t)((height + next - 1) / next) < wanted_height) break;
    factor = (int32_t)next;
    if ((uint64_t)(width / next) * (height / next) <= CIMAGE_MOST_WHOLE_PIXELS) break;
  }
  return factor;
}

int cimage_rows_begin(cimage_rows *rows, uint32_t width, uint32_t height, int32_t channels, cimage_target target,
                      int swaps) {
  memset(rows, 0, sizeof *rows);
  if (swaps) {
    int32_t wanted = target.width;
    target.width = target.height;
    target.height = wanted;
  }
  rows->width = (int32_t)width;
  rows->height = (int32_t)height;
  rows->factor = chosen_factor(width, height, target);
  rows->picture.width = (rows->width + rows->factor - 1) / rows->factor;
  rows->picture.height = (rows->height + rows->factor - 1) / rows->factor;
  rows->picture.channels = channels;
  rows->picture.pixels = malloc((size_t)rows->picture.width * rows->picture.height * channels);
  if (!rows->picture.pixels) return 0;
  if (rows->factor == 1) return 1;
  rows->sums = calloc((size_t)rows->picture.width * channels, sizeof *rows->sums);
  rows->line = malloc((size_t)width * channels);
  if (rows->sums && rows->line) return 1;
  cimage_rows_discard(rows);
  return 0;
}

static void put(const uint8_t *row, int samples, int32_t width, int32_t channels, uint8_t *first, size_t plane) {
  if (samples == 1) {
    for (int32_t c = 0; c < channels; c++) memcpy(first + c * plane, row, (size_t)width);
  } else if (channels == 1) {
    cimage_luma_row(row, width, first);
  } else {
    cimage_split_row(row, width, first, first + plane, first + 2 * plane);
  }
}

/* Adds one row to the sums, and where a square is complete writes its mean. */
static void add_reduced(cimage_rows *rows, const uint8_t *row, int samples) {
  cimage_picture *picture = &rows->picture;
  int32_t factor = rows->factor, channels = picture->channels;
  put(row, samples, rows->width, channels, rows->line, (size_t)rows->width);
  for (int32_t c = 0; c < channels; c++) {
    const uint8_t *line = rows->line + (size_t)c * rows->width;
    for (int32_t x = 0; x < rows->width; x++) rows->sums[(size_t)(x / factor) * channels + c] += line[x];
  }
  int32_t last = rows->row + 1 == rows->height;
  if ((rows->row + 1) % factor != 0 && !last) return;
  int32_t y = rows->row / factor;
  uint32_t tall = (uint32_t)(rows->row - y * factor + 1);
  size_t plane = (size_t)picture->width * picture->height;
  for (int32_t x = 0; x < picture->width; x++) {
    int32_t wide = rows->width - x * factor < factor ? rows->width - x * factor : factor;
    uint32_t count = tall * (uint32_t)wide;
    for (int32_t c = 0; c < channels; c++) {
      uint32_t sum = rows->sums[(size_t)x * channels + c];
      picture->pixels[c * plane + (size_t)y * picture->width + x] = (uint8_t)((sum + count / 2) / count);
    }
  }
  memset(rows->sums, 0, sizeof *rows->sums * (size_t)picture->width * channels);
}

void cimage_rows_add(cimage_rows *rows, const uint8_t *row, int samples) {
  if (rows->row >= rows->height) return;
  cimage_picture *picture = &rows->picture;
  if (rows->factor > 1) {
    add_reduced(rows, row, samples);
  } else {
    size_t plane = (size_t)picture->width * picture->height;
    put(row, samples, rows->width, picture->channels, picture->pixels + (size_t)rows->row * rows->width, plane);
  }
  rows->row++;
}

void cimage_rows_end(cimage_rows *rows) {
  free(rows->sums);
  free(rows->line);
  rows->sums = NULL;
  rows->line = NULL;
}

void cimage_rows_discard(cimage_rows *rows) {
  cimage_rows_end(rows);
  free(rows->picture.pixels);
  rows->picture.pixels = NULL;
}
