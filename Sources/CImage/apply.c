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

/* Room for the next image, whose pixels become the present ones by `take_place`. */
static uint8_t *next_place(work *w, int32_t channels, int32_t width, int32_t height) {
  return cimage_scratch_take(&w->buffers[w->next], (size_t)channels * width * height);
}

static void take_place(work *w, uint8_t *place, int32_t width, int32_t height) {
  w->pixels = place;
  w->width = width;
  w->height = height;
  w->next = 1 - w->next;
}

/* The present pixels where they may be written to: the caller's own are copied first. */
static uint8_t *writable(work *w, const uint8_t *original, int32_t channels) {
  if (w->pixels != original) return (uint8_t *)w->pixels;
  uint8_t *place = next_place(w, channels, w->width, w->height);
  if (!place) return NULL;
  memcpy(place, w->pixels, (size_t)channels * w->width * w->height);
  take_place(w, place, w->width, w->height);
  return place;
}

static int resample(work *w, int32_t channels, const cimage_resampling *r, int32_t index, char *error,
                    size_t error_size) {
  if (!valid(r, w->width, w->height)) {
    return cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size,
                       "step %d takes %d x %d pixels at (%d, %d) from an image of %d x %d, and %d x %d at (%d, %d) "
                       "from it at %d x %d",
                       index, r->source_width, r->source_height, r->source_x, r->source_y, w->width, w->height,
                       r->window_width, r->window_height, r->window_x, r->window_y, r->scaled_width, r->scaled_height);
  }
  uint8_t *place = next_place(w, channels, r->window_width, r->window_height);
  if (!place || !cimage_resample(w->pixels, w->width, w->height, channels, r, place, &w->scratch)) {
    return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to resize an image");
  }
  take_place(w, place, r->window_width, r->window_height);
  return CIMAGE_OK;
}

static int project(work *w, int32_t channels, const cimage_projection *p, int32_t index, char *error,
                   size_t error_size) {
  if (!inside(0, p->width, CIMAGE_LARGEST_SIDE) || !inside(0, p->height, CIMAGE_LARGEST_SIDE)) {
    return cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size, "step %d asks for %d x %d pixels", index, p->width,
                       p->height);
  }
  uint8_t *place = next_place(w, channels, p->width, p->height);
  if (!place || !cimage_project(w->pixels, w->width, w->height, channels, p, place, &w->scratch)) {
    return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to turn an image");
  }
  take_place(w, place, p->width, p->height);
  return CIMAGE_OK;
}

static void erase(uint8_t *pixels, int32_t width, int32_t height, int32_t channels, const cimage_erasure *e) {
  for (int32_t c = 0; c < channels; c++) {
    for (int32_t y = 0; y < e->height; y++) {
      memset(pixels + ((size_t)c * height + e->y + y) * width + e->x, e->levels[c], (size_t)e->width);
    }
  }
}

static int alter(work *w, const uint8_t *original, int32_t channels, const cimage_step *step, int32_t index,
                 char *error, size_t error_size) {
  const cimage_erasure *e = &step->erasure;
  int32_t size = step->blurring.size;
  int32_t shorter = w->width < w->height ? w->width : w->height;
  if (step->kind == CIMAGE_BLUR && (size < 1 || size % 2 == 0 || size / 2 >= shorter)) {
    return cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size, "step %d blurs %d x %d pixels by a kernel of %d", index,
                       w->width, w->height, size);
  }
  if (step->kind == CIMAGE_ERASE && (!inside(e->x, e->width, w->width) || !inside(e->y, e->height, w->height))) {
    return cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size,
                       "step %d erases %d x %d pixels at (%d, %d) of an image of %d x %d", index, e->width, e->height,
                       e->x, e->y, w->width, w->height);
  }
  uint8_t *place = writable(w, original, channels);
  if (!place) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to alter an image");
  switch (step->kind) {
    case CIMAGE_BLUR:
      if (!cimage_blur(place, w->width, w->height, channels, size, step->blurring.sigma, &w->scratch)) {
        return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to blur an image");
      }
      break;
    case CIMAGE_ERASE:
      erase(place, w->width, w->height, channels, e);
      break;
    default:
      cimage_colour(place, (size_t)w->width * w->height, channels, step->kind, step->factor);
      break;
  }
  return CIMAGE_OK;
}

static int run_steps(work *w, int32_t channels, const cimage_step *steps, int32_t step_count, char *error,
                     size_t error_size) {
  const uint8_t *original = w->pixels;
  int status = CIMAGE_OK;
  for (int32_t i = 0; i < step_count && status == CIMAGE_OK; i++) {
    const cimage_step *step = &steps[i];
    switch (step->kind) {
      case CIMAGE_RESAMPLE:
        status = resample(w, channels, &step->resampling, i, error, error_size);
        break;
      case CIMAGE_PROJECT:
        status = project(w, channels, &step->projection, i, error, error_size);
        break;
      default:
        status = alter(w, original, channels, step, i, error, error_size);
        break;
    }
  }
  return status;
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
