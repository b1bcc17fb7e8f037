#include "internal.h"
#include "orientation.h"
#include "rows.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct {
  const uint8_t *bytes;
  size_t size;
  size_t position;
  int ended_early;
  char message[200];
  png_structp png;
  png_infop info;
  cimage_rows rows;
  uint8_t *pixels;
  png_bytep *pointers;
} decoder;

static void on_error(png_structp png, png_const_charp message) {
  decoder *state = png_get_error_ptr(png);
  if (!state->ended_early) snprintf(state->message, sizeof state->message, "%s", message);
  longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void read_bytes(png_structp png, png_bytep to, size_t count) {
  decoder *state = png_get_io_ptr(png);
  if (state->size - state->position < count) {
    state->ended_early = 1;
    snprintf(state->message, sizeof state->message, "the file ends early, after %zu bytes", state->size);
    png_error(png, "the file ends early");
  }
  memcpy(to, state->bytes + state->position, count);
  state->position += count;
}

static void release(decoder *state) {
  if (state->png) png_destroy_read_struct(&state->png, &state->info, NULL);
  free(state->pixels);
  free(state->pointers);
  cimage_rows_discard(&state->rows);
}

static int failed(decoder *state, char *error, size_t error_size) {
  int damaged_data = strstr(state->message, "CRC") || strstr(state->message, "IDAT") || strstr(state->message, "zlib");
  int status = cimage_fail(state->ended_early || damaged_data ? CIMAGE_TRUNCATED : CIMAGE_CORRUPT, error, error_size,
                           "%s", state->message);
  release(state);
  free(state);
  return status;
}

static int out_of_memory(decoder *state, char *error, size_t error_size) {
  release(state);
  free(state);
  return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to read it");
}

static decoder *new_decoder(const uint8_t *bytes, size_t size) {
  decoder *state = calloc(1, sizeof *state);
  if (!state) return NULL;
  state->bytes = bytes;
  state->size = size;
  snprintf(state->message, sizeof state->message, "it cannot be read as PNG");
  state->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, state, on_error, on_warning);
  if (state->png) state->info = png_create_info_struct(state->png);
  if (!state->info) {
    release(state);
    free(state);
    return NULL;
  }
  return state;
}

static void read_info(decoder *state) {
  png_set_read_fn(state->png, state, read_bytes);
  /* Sizes are checked here, with a sentence that says them; libpng keeps what a chunk of text may take in bounds. */
  png_set_user_limits(state->png, 0x7FFFFFFF, 0x7FFFFFFF);
  png_set_chunk_malloc_max(state->png, 16 << 20);
  png_read_info(state->png, state->info);
}

static int is_colour(decoder *state) { return (png_get_color_type(state->png, state->info) & PNG_COLOR_MASK_COLOR) != 0; }

int cimage_png_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size) {
  decoder *state = new_decoder(bytes, size);
  if (!state) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to read it");
  if (setjmp(png_jmpbuf(state->png))) return failed(state, error, error_size);
  read_info(state);
  header->format = CIMAGE_PNG;
  header->width = (int32_t)png_get_image_width(state->png, state->info);
  header->height = (int32_t)png_get_image_height(state->png, state->info);
  header->channels = is_colour(state) ? 3 : 1;
  release(state);
  free(state);
  return CIMAGE_OK;
}

/* Lays `samples` and alpha, interleaved, over black: the sample times its opacity. */
static void flatten(uint8_t *row, uint32_t width, int samples) {
  for (uint32_t x = 0; x < width; x++) {
    const uint8_t *from = row + (size_t)x * (samples + 1);
    uint32_t alpha = from[samples];
    for (int c = 0; c < samples; c++) row[(size_t)x * samples + c] = (uint8_t)((from[c] * alpha + 127) / 255);
  }
}

static void add_row(decoder *state, uint8_t *row, int samples, int has_alpha) {
  if (has_alpha) flatten(row, (uint32_t)state->rows.width, samples);
  cimage_rows_add(&state->rows, row, samples);
}

/* Where the EXIF block stands behind the pixels it is seen too late for this; the sides needed are then those of the
   image before it is turned. */
static int orientation_of(decoder *state) {
#ifdef PNG_eXIf_SUPPORTED
  png_uint_32 size = 0;
  png_bytep exif = NULL;
  if (png_get_eXIf_1(state->png, state->info, &size, &exif)) return cimage_tiff_orientation(exif, size);
#endif
  return 1;
}

int cimage_png_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_target target,
                      cimage_picture *picture, char *error, size_t error_size) {
  decoder *state = new_decoder(bytes, size);
  if (!state) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to read it");
  if (setjmp(png_jmpbuf(state->png))) return failed(state, error, error_size);
  read_info(state);
  uint32_t width = png_get_image_width(state->png, state->info);
  uint32_t height = png_get_image_height(state->png, state->info);
  int status = cimage_check_size(width, height, error, error_size);
  int interlaced = png_get_interlace_type(state->png, state->info) != PNG_INTERLACE_NONE;
  if (status == CIMAGE_OK && interlaced && (uint64_t)width * height > CIMAGE_MOST_PROGRESSIVE_PIXELS) {
    status = cimage_fail(CIMAGE_TOO_LARGE, error, error_size,
                         "it is interlaced, of %u x %u pixels; at most %d million of such a file are read", width, height,
                         CIMAGE_MOST_PROGRESSIVE_PIXELS / 1000000);
  }
  if (status != CIMAGE_OK) {
    release(state);
    free(state);
    return status;
  }

  int samples = is_colour(state) ? 3 : 1;
  /* Palette to RGB, 1, 2 and 4 bits to 8, a transparent colour to alpha, 16 bits to 8 by rounding. The file's gamma is
     left alone, as other readers of image data do. */
  png_set_expand(state->png);
  png_set_scale_16(state->png);
  int passes = png_set_interlace_handling(state->png);
  png_read_update_info(state->png, state->info);
  int has_alpha = (png_get_color_type(state->png, state->info) & PNG_COLOR_MASK_ALPHA) != 0;
  size_t row_bytes = png_get_rowbytes(state->png, state->info);
  if (row_bytes != (size_t)width * (samples + has_alpha)) png_error(state->png, "its rows have an unexpected length");

  int swaps = orientation_of(state) >= 5;
  /* An interlaced file needs all its rows at once. */
  state->pixels = malloc(passes > 1 ? row_bytes * height : row_bytes);
  if (!state->pixels ||
      !cimage_rows_begin(&state->rows, width, height, channels == 0 ? samples : channels, target, swaps)) {
    return out_of_memory(state, error, error_size);
  }
  if (passes > 1) {
    state->pointers = malloc(sizeof(png_bytep) * height);
    if (!state->pointers) return out_of_memory(state, error, error_size);
    for (uint32_t y = 0; y < height; y++) state->pointers[y] = state->pixels + row_bytes * y;
    png_read_image(state->png, state->pointers);
    for (uint32_t y = 0; y < height; y++) add_row(state, state->pointers[y], samples, has_alpha);
  } else {
    for (uint32_t y = 0; y < height; y++) {
      png_read_row(state->png, state->pixels, NULL);
      add_row(state, state->pixels, samples, has_alpha);
    }
  }
  png_read_end(state->png, state->info);

  if (!cimage_orient(&state->rows.picture, orientation_of(state))) return out_of_memory(state, error, error_size);
  *picture = state->rows.picture;
  state->rows.picture.pixels = NULL;
  release(state);
  free(state);
  return CIMAGE_OK;
}

typedef struct {
  png_structp png;
  png_infop info;
  uint8_t *row;
  uint8_t *bytes;
  size_t size;
  size_t capacity;
  char message[200];
} encoder;

static void on_write_error(png_structp png, png_const_charp message) {
  encoder *state = png_get_error_ptr(png);
  snprintf(state->message, sizeof state->message, "%s", message);
  longjmp(png_jmpbuf(png), 1);
}

static void write_bytes(png_structp png, png_bytep from, size_t count) {
  encoder *state = png_get_io_ptr(png);
  if (state->capacity - state->size < count) {
    size_t capacity = 2 * state->capacity + count + 4096;
    uint8_t *grown = realloc(state->bytes, capacity);
    if (!grown) png_error(png, "no memory to write it");
    state->bytes = grown;
    state->capacity = capacity;
  }
  memcpy(state->bytes + state->size, from, count);
  state->size += count;
}

static void flush_bytes(png_structp png) { (void)png; }

int cimage_encode_png(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, uint8_t **bytes,
                      size_t *size, char *error, size_t error_size) {
  if (width < 1 || height < 1 || (channels != 1 && channels != 3)) {
    return cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size, "no PNG is made of %d x %d pixels of %d channels", width,
                       height, channels);
  }
  encoder *state = calloc(1, sizeof *state);
  if (!state) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to write it");
  state->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, state, on_write_error, on_warning);
  if (state->png) state->info = png_create_info_struct(state->png);
  state->row = malloc((size_t)width * channels);
  int ready = state->info && state->row;
  snprintf(state->message, sizeof state->message, "no memory to write it");
  if (!ready || setjmp(png_jmpbuf(state->png))) {
    if (state->png) png_destroy_write_struct(&state->png, &state->info);
    free(state->row);
    free(state->bytes);
    int status = cimage_fail(ready ? CIMAGE_CORRUPT : CIMAGE_OUT_OF_MEMORY, error, error_size, "%s", state->message);
    free(state);
    return status;
  }
  png_set_write_fn(state->png, state, write_bytes, flush_bytes);
  png_set_compression_level(state->png, 4);
  png_set_IHDR(state->png, state->info, (png_uint_32)width, (png_uint_32)height, 8,
               channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(state->png, state->info);
  size_t plane = (size_t)width * height;
  for (int32_t y = 0; y < height; y++) {
    const uint8_t *first = pixels + (size_t)y * width;
    if (channels == 1) {
      memcpy(state->row, first, (size_t)width);
    } else {
      cimage_join_row(first, first + plane, first + 2 * plane, width, state->row);
    }
    png_write_row(state->png, state->row);
  }
  png_write_end(state->png, state->info);
  png_destroy_write_struct(&state->png, &state->info);
  *bytes = state->bytes;
  *size = state->size;
  free(state->row);
  free(state);
  return CIMAGE_OK;
}
