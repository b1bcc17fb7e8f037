#ifndef GRAFT_CIMAGE_H
#define GRAFT_CIMAGE_H

#include <stddef.h>
#include <stdint.h>

/* Images behind a C interface: libjpeg-turbo, libpng and libtiff for files, and the 8-bit kernels that resize, alter and
   normalise them. Nothing here exits, prints or throws: every call that can fail returns a status and writes a
   sentence to the caller's buffer.

   Pixels are planar: all of the first channel's rows, then the second's; a row has no padding. */

enum {
  CIMAGE_OK = 0,
  /* The bytes are no JPEG, PNG or TIFF file. */
  CIMAGE_UNKNOWN_FORMAT = 1,
  /* The file ends early, or a part of its data is damaged: some pixels could be had, but not all. */
  CIMAGE_TRUNCATED = 2,
  /* The file breaks its format, or uses a part of it that is not supported. */
  CIMAGE_CORRUPT = 3,
  /* A side above CIMAGE_LARGEST_SIDE, or more pixels than CIMAGE_MOST_PIXELS. */
  CIMAGE_TOO_LARGE = 4,
  CIMAGE_OUT_OF_MEMORY = 5,
  /* The caller's arguments contradict each other. */
  CIMAGE_BAD_ARGUMENT = 6,
};

#define CIMAGE_LARGEST_SIDE 30000
#define CIMAGE_MOST_PIXELS 400000000

/* A picture of more pixels is made smaller while it is read, where less of it is needed. */
#define CIMAGE_MOST_WHOLE_PIXELS 64000000
/* Of a progressive JPEG or an interlaced PNG, whose pixels are complete only at the file's end. */
#define CIMAGE_MOST_PROGRESSIVE_PIXELS 100000000

#define CIMAGE_JPEG 1
#define CIMAGE_PNG 2
#define CIMAGE_TIFF 3

/* What a file's header says. */
typedef struct {
  int32_t format;
  /* As a viewer shows it: after the EXIF orientation. */
  int32_t width;
  int32_t height;
  /* 1 for grey (with or without alpha), else 3. */
  int32_t channels;
} cimage_header;

/* An image that the callee allocated: planar, 8 bits a sample. Freed by `cimage_free`. */
typedef struct {
  int32_t width;
  int32_t height;
  int32_t channels;
  uint8_t *pixels;
} cimage_picture;

/* What a decoder may leave out: a JPEG is scaled down by 2, 4 or 8 while it is decoded, as far as its sides stay at
   least as long as these; so is a PNG or TIFF of more than CIMAGE_MOST_WHOLE_PIXELS, to no less than that. Zero asks for nothing; all zero gives the file's own size. */
typedef struct {
  int32_t short_side;
  int32_t width;
  int32_t height;
} cimage_target;

/* CIMAGE_JPEG, CIMAGE_PNG or CIMAGE_TIFF by the first bytes, else 0. */
int cimage_format(const uint8_t *bytes, size_t size);

int cimage_read_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size);

/* `channels`: 1 (ITU-R 601 luma), 3 (grey is repeated), or 0 for the file's own.
   Orientation is applied. Alpha is laid over black. Samples above 8 bits are scaled to 8, samples below are widened. */
int cimage_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_target target, cimage_picture *picture,
                  char *error, size_t error_size);

void cimage_free(void *memory);

/* Encoders: `channels` 1 or 3, planar. The result's memory is the caller's, freed by `cimage_free`. */
int cimage_encode_jpeg(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, int32_t quality,
                       uint8_t **bytes, size_t *size, char *error, size_t error_size);
int cimage_encode_png(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, uint8_t **bytes,
                      size_t *size, char *error, size_t error_size);

/* A part of an image, resized, and a part of that: the rectangle `source_*` is stretched to `scaled_width` x
   `scaled_height` (bilinear, antialiased when it shrinks; nothing outside the rectangle is looked at), of which the
   rectangle at `window_*` is computed, then mirrored. */
typedef struct {
  int32_t source_x, source_y, source_width, source_height;
  int32_t scaled_width, scaled_height;
  int32_t window_x, window_y, window_width, window_height;
  int32_t mirror_horizontal, mirror_vertical;
} cimage_resampling;

enum {
  CIMAGE_RESAMPLE = 0,
  /* Blends with black by `factor`. */
  CIMAGE_BRIGHTNESS = 1,
  /* Blends with the mean grey by `factor`. */
  CIMAGE_CONTRAST = 2,
  /* Blends with its own grey by `factor`. */
  CIMAGE_SATURATION = 3,
  /* Turns the hue by `factor` of a full turn. */
  CIMAGE_HUE = 4,
  /* Every channel becomes the luma. */
  CIMAGE_GRAYSCALE = 5,
  /* Levels from `factor` on become 255 less themselves. */
  CIMAGE_SOLARIZE = 6,
  CIMAGE_PROJECT = 7,
  CIMAGE_BLUR = 8,
  CIMAGE_ERASE = 9,
};

/* A new image of `width` x `height` whose pixel (x, y) shows the old one at ((m0 x + m1 y + m2) / w, (m3 x + m4 y + m5) / w)
   with w = m6 x + m7 y + m8, bilinear between the middles of its pixels, which have whole places. Around the old image lies an
   even surface of level `fill`. */
typedef struct {
  float map[9];
  int32_t width, height;
  int32_t fill;
} cimage_projection;

/* A Gaussian kernel of `size` x `size` samples, an odd number, and deviation `sigma` in pixels. The image is reflected at its
   edges; half the size must be less than either side. */
typedef struct {
  int32_t size;
  float sigma;
} cimage_blurring;

/* A rectangle that becomes even: a level a channel. */
typedef struct {
  int32_t x, y, width, height;
  uint8_t levels[3];
} cimage_erasure;

/* One step of what is done to an image, its numbers already drawn: the member that its kind names, or `factor`. */
typedef struct {
  int32_t kind;
  float factor;
  cimage_resampling resampling;
  cimage_projection projection;
  cimage_blurring blurring;
  cimage_erasure erasure;
} cimage_step;

/* Applies the steps to one planar image. `output` holds exactly the last size; `channels` x height x width bytes. */
int cimage_apply(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, const cimage_step *steps,
                 int32_t step_count, uint8_t *output, size_t output_size, char *error, size_t error_size);

/* As `cimage_apply`, then float32 through `table[channel][value]` into `output`, planar. An image of one channel fills
   all of `output_channels`. `output` holds `output_channels` x `output_height` x `output_width` numbers. */
int cimage_apply_to_floats(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels,
                           const cimage_step *steps, int32_t step_count, const float *table, int32_t output_channels,
                           int32_t output_height, int32_t output_width, float *output, char *error, size_t error_size);

/* Sum and sum of squares of `count` samples. */
void cimage_sums(const uint8_t *samples, size_t count, uint64_t *sum, uint64_t *sum_of_squares);

#endif
