#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* The image as it stands between two steps. It begins as the caller's pixels, which are never written to. */
typedef struct {
  const uint8_t *pixels;
  int32_t width, height;
  cimage_scratch buffers[2];
  int next;
  cimage_scratch scratch;
} work;

static void release(work *w) {
  free(w->buffers[0].memory);
  free(w->buffers[1].memory);
  free(w->scratch.memory);
}

static int inside(int32_t start, int32_t length, int32_t size) {
  return start >= 0 && length >= 1 && length <= size && start <= size - length;
}

static int valid(const cimage_resampling *r, int32_t width, int32_t height) {
  return inside(r->source_x, r->source_width, width) && inside(r->source_y, r->source_height, height) &&
         r->scaled_width <= CIMAGE_LARGEST_SIDE && r->scaled_height <= CIMAGE_LARGEST_SIDE &&
         inside(r->window_x, r->window_width, r->scaled_width) &&
         inside(r->window_y, r->window_height, r->scaled_height);
}

static int run_steps(work *w, int32_t channels, const cimage_step *steps, int32_t step_count, char *error,
                     size_t error_size) {
  const uint8_t *original = w->pixels;
  for (int32_t i = 0; i < step_count; i++) {
    const cimage_step *step = &steps[i];
    if (step->kind == CIMAGE_RESAMPLE) {
      const cimage_resampling *r = &step->resampling;
      if (!valid(r, w->width, w->height)) {
        return cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size,
                           "step %d takes %d x %d pixels at (%d, %d) from an image of %d x %d, and %d x %d at (%d, %d) "
                           "from it at %d x %d",
                           i, r->source_width, r->source_height, r->source_x, r->source_y, w->width, w->height,
                           r->window_width, r->window_height, r->window_x, r->window_y, r->scaled_width,
                           r->scaled_height);
      }
      size_t size = (size_t)channels * r->window_width * r->window_height;
      uint8_t *place = cimage_scratch_take(&w->buffers[w->next], size);
      if (!place || !cimage_resample(w->pixels, w->width, w->height, channels, r, place, &w->scratch)) {
        return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to resize an image");
      }
      w->pixels = place;
      w->width = r->window_width;
      w->height = r->window_height;
      w->next = 1 - w->next;
    } else {
      size_t count = (size_t)w->width * w->height;
      uint8_t *place = (uint8_t *)w->pixels;
      if (w->pixels == original) {
        place = cimage_scratch_take(&w->buffers[w->next], count * channels);
        if (!place) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to alter an image");
        memcpy(place, w->pixels, count * channels);
        w->pixels = place;
        w->next = 1 - w->next;
      }
      cimage_colour(place, count, channels, step->kind, step->factor);
    }
  }
  return CIMAGE_OK;
}

int cimage_apply(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, const cimage_step *steps,
                 int32_t step_count, uint8_t *output, size_t output_size, char *error, size_t error_size) {
  work w = {.pixels = pixels, .width = width, .height = height};
  int status = run_steps(&w, channels, steps, step_count, error, error_size);
  if (status == CIMAGE_OK) {
    size_t size = (size_t)channels * w.width * w.height;
    if (size != output_size) {
      status = cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size, "the steps give %d x %d pixels, not as many as asked",
                           w.width, w.height);
    } else {
      memcpy(output, w.pixels, size);
    }
  }
  release(&w);
  return status;
}

int cimage_apply_to_floats(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                           const cimage_step *steps, int32_t step_count, const float *table, int32_t output_channels,
                           int32_t output_height, int32_t output_width, float *output, char *error, size_t error_size) {
  work w = {.pixels = pixels, .width = width, .height = height};
  int status = run_steps(&w, channels, steps, step_count, error, error_size);
  if (status == CIMAGE_OK && (w.width != output_width || w.height != output_height)) {
    status = cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size, "the steps give %d x %d pixels where %d x %d are needed",
                         w.width, w.height, output_width, output_height);
  }
  if (status == CIMAGE_OK && channels != 1 && channels != output_channels) {
    status = cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size, "an image of %d channels cannot fill %d", channels,
                         output_channels);
  }
  if (status == CIMAGE_OK) {
    size_t plane = (size_t)output_width * output_height;
    for (int32_t c = 0; c < output_channels; c++) {
      const uint8_t *from = w.pixels + (channels == 1 ? 0 : c * plane);
      const float *values = table + 256 * (size_t)c;
      float *to = output + c * plane;
      for (size_t i = 0; i < plane; i++) to[i] = values[from[i]];
    }
  }
  release(&w);
  return status;
}
