#ifndef GRAFT_CIMAGE_INTERNAL_H
#define GRAFT_CIMAGE_INTERNAL_H

#include "CImage.h"

#if defined(__x86_64__) && defined(__linux__)
/* Compiled for AVX2 beside the baseline and chosen when the library is loaded. Integer results are the same in both,
   and neither contracts a product and a sum, so floats are too. */
#define CIMAGE_KERNEL __attribute__((target_clones("avx2", "default")))
#else
#define CIMAGE_KERNEL
#endif

/* Writes the sentence and returns the status. */
int cimage_fail(int status, char *error, size_t error_size, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* CIMAGE_OK for a size that may be decoded. */
int cimage_check_size(uint32_t width, uint32_t height, char *error, size_t error_size);

int cimage_is_jpeg(const uint8_t *bytes, size_t size);
int cimage_is_png(const uint8_t *bytes, size_t size);
int cimage_is_tiff(const uint8_t *bytes, size_t size);

int cimage_jpeg_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size);
int cimage_png_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size);

int cimage_tiff_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size);

/* Decoders: planar, orientation applied. */
int cimage_jpeg_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_target target,
                       cimage_picture *picture, char *error, size_t error_size);
int cimage_png_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_target target,
                      cimage_picture *picture, char *error, size_t error_size);
int cimage_tiff_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_target target,
                       cimage_picture *picture, char *error, size_t error_size);

/* One interleaved row of three channels into three planes. */
void cimage_split_row(const uint8_t *row, int32_t width, uint8_t *red, uint8_t *green, uint8_t *blue);
/* Three planes of a row into one interleaved row. */
void cimage_join_row(const uint8_t *red, const uint8_t *green, const uint8_t *blue, int32_t width, uint8_t *row);
/* ITU-R 601 luma of an interleaved row, rounded. */
void cimage_luma_row(const uint8_t *row, int32_t width, uint8_t *grey);

/* Resamples `channels` planes. `scratch` grows as needed and is kept by the caller. */
typedef struct {
  void *memory;
  size_t size;
} cimage_scratch;

void *cimage_scratch_take(cimage_scratch *scratch, size_t size);

int cimage_resample(const uint8_t *source, int32_t width, int32_t height, int32_t channels,
                    const cimage_resampling *resampling, uint8_t *output, cimage_scratch *scratch);

/* As `cimage_resample`; the projection's sizes are at least 1. */
int cimage_project(const uint8_t *source, int32_t width, int32_t height, int32_t channels,
                   const cimage_projection *projection, uint8_t *output, cimage_scratch *scratch);

/* In place; 0 where there is no memory. */
int cimage_blur(uint8_t *pixels, int32_t width, int32_t height, int32_t channels, int32_t size, float sigma,
                cimage_scratch *scratch);

/* Colour steps, in place, on planes of `count` samples each. */
void cimage_colour(uint8_t *pixels, size_t count, int32_t channels, int32_t kind, float factor);

#endif
