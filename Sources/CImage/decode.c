#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cimage_fail(int status, char *error, size_t error_size, const char *format, ...) {
  if (error && error_size > 0) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, error_size, format, arguments);
    va_end(arguments);
  }
  return status;
}

int cimage_check_size(uint32_t width, uint32_t height, char *error, size_t error_size) {
  if (width == 0 || height == 0) {
    return cimage_fail(CIMAGE_CORRUPT, error, error_size, "its header gives a size of %u x %u", width, height);
  }
  if (width > CIMAGE_LARGEST_SIDE || height > CIMAGE_LARGEST_SIDE ||
      (uint64_t)width * height > (uint64_t)CIMAGE_MOST_PIXELS) {
    return cimage_fail(CIMAGE_TOO_LARGE, error, error_size,
                       "its header gives %u x %u pixels; at most %d on a side and %d million in all are read", width,
                       height, CIMAGE_LARGEST_SIDE, CIMAGE_MOST_PIXELS / 1000000);
  }
  return CIMAGE_OK;
}

int cimage_is_jpeg(const uint8_t *bytes, size_t size) {
  return size >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

int cimage_is_png(const uint8_t *bytes, size_t size) {
  static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  return size >= 8 && memcmp(bytes, signature, 8) == 0;
}

int cimage_is_tiff(const uint8_t *bytes, size_t size) {
  static const uint8_t signatures[4][4] = {{'I', 'I', 42, 0}, {'M', 'M', 0, 42}, {'I', 'I', 43, 0}, {'M', 'M', 0, 43}};
  for (int i = 0; i < 4; i++) {
    if (size >= 8 && memcmp(bytes, signatures[i], 4) == 0) return 1;
  }
  return 0;
}

int cimage_format(const uint8_t *bytes, size_t size) {
  if (cimage_is_jpeg(bytes, size)) return CIMAGE_JPEG;
  if (cimage_is_png(bytes, size)) return CIMAGE_PNG;
  return cimage_is_tiff(bytes, size) ? CIMAGE_TIFF : 0;
}

/* Formats that are known but not read. */
static const struct {
  const char *name;
  size_t offset;
  size_t length;
  const char *signature;
} others[] = {
    {"GIF", 0, 4, "GIF8"},          {"BMP", 0, 2, "BM"},
    {"WebP", 8, 4, "WEBP"},         {"JPEG 2000", 0, 12, "\0\0\0\x0CjP  \r\n\x87\n"},
    {"HEIF", 4, 8, "ftypheic"},     {"AVIF", 4, 8, "ftypavif"},
    {"PDF", 0, 5, "%PDF-"},         {"gzip", 0, 2, "\x1F\x8B"},
    {"ZIP", 0, 4, "PK\x03\x04"},    {"HDF5", 0, 8, "\x89HDF\r\n\x1A\n"},
};

static int unknown_format(const uint8_t *bytes, size_t size, char *error, size_t error_size) {
  if (size == 0) return cimage_fail(CIMAGE_UNKNOWN_FORMAT, error, error_size, "it is empty");
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (size >= others[i].offset + others[i].length &&
        memcmp(bytes + others[i].offset, others[i].signature, others[i].length) == 0) {
      return cimage_fail(CIMAGE_UNKNOWN_FORMAT, error, error_size,
                         "it is a %s file, whatever its name says; read are JPEG, PNG, TIFF and DICOM", others[i].name);
    }
  }
  size_t looked = size < 512 ? size : 512;
  size_t printable = 0;
  for (size_t i = 0; i < looked; i++) {
    uint8_t c = bytes[i];
    if (c >= 0x80 || (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t') printable++;
  }
  return cimage_fail(CIMAGE_UNKNOWN_FORMAT, error, error_size,
                     printable == looked ? "it is a text file, not an image"
                                         : "its content is no JPEG, PNG, TIFF or DICOM image, whatever its name says");
}

int cimage_read_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size) {
  switch (cimage_format(bytes, size)) {
    case CIMAGE_JPEG: return cimage_jpeg_header(bytes, size, header, error, error_size);
    case CIMAGE_PNG: return cimage_png_header(bytes, size, header, error, error_size);
    case CIMAGE_TIFF: return cimage_tiff_header(bytes, size, header, error, error_size);
    default: return unknown_format(bytes, size, error, error_size);
  }
}

int cimage_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_target target, cimage_picture *picture,
                  char *error, size_t error_size) {
  memset(picture, 0, sizeof *picture);
  if (channels != 0 && channels != 1 && channels != 3) {
    return cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size, "%d channels asked for; 1 or 3 are possible", channels);
  }
  switch (cimage_format(bytes, size)) {
    case CIMAGE_JPEG: return cimage_jpeg_decode(bytes, size, channels, target, picture, error, error_size);
    case CIMAGE_PNG: return cimage_png_decode(bytes, size, channels, target, picture, error, error_size);
    case CIMAGE_TIFF: return cimage_tiff_decode(bytes, size, channels, target, picture, error, error_size);
    default: return unknown_format(bytes, size, error, error_size);
  }
}

void cimage_free(void *memory) { free(memory); }

CIMAGE_KERNEL
void cimage_split_row(const uint8_t *restrict row, int32_t width, uint8_t *restrict red, uint8_t *restrict green,
                      uint8_t *restrict blue) {
  for (int32_t x = 0; x < width; x++) {
    red[x] = row[3 * x];
    green[x] = row[3 * x + 1];
    blue[x] = row[3 * x + 2];
  }
}

CIMAGE_KERNEL
void cimage_join_row(const uint8_t *restrict red, const uint8_t *restrict green, const uint8_t *restrict blue,
                     int32_t width, uint8_t *restrict row) {
  for (int32_t x = 0; x < width; x++) {
    row[3 * x] = red[x];
    row[3 * x + 1] = green[x];
    row[3 * x + 2] = blue[x];
  }
}

CIMAGE_KERNEL
void cimage_luma_row(const uint8_t *restrict row, int32_t width, uint8_t *restrict grey) {
  for (int32_t x = 0; x < width; x++) {
    uint32_t luma = 19595u * row[3 * x] + 38470u * row[3 * x + 1] + 7471u * row[3 * x + 2] + 32768u;
    grey[x] = (uint8_t)(luma >> 16);
  }
}

CIMAGE_KERNEL
void cimage_sums(const uint8_t *samples, size_t count, uint64_t *sum, uint64_t *sum_of_squares) {
  uint64_t total = 0, squares = 0;
  while (count > 0) {
    /* 65536 squares of a byte fit 32 bits. */
    size_t block = count < 65536 ? count : 65536;
    uint32_t block_total = 0, block_squares = 0;
    for (size_t i = 0; i < block; i++) {
      uint32_t value = samples[i];
      block_total += value;
      block_squares += value * value;
    }
    total += block_total;
    squares += block_squares;
    samples += block;
    count -= block;
  }
  *sum = total;
  *sum_of_squares = squares;
}
