#include "internal.h"
#include "orientation.h"
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

/* The first image of a TIFF file, by libtiff, row after row: strips, or bands of tiles. libtiff undoes the compression;
   what the samples mean is said here. */

/* What a row of tiles, a single allocation of libtiff, and the planes of an image stored plane by plane may take. */
#define MOST_BUFFER_BYTES ((uint64_t)1 << 30)

typedef struct {
  const uint8_t *bytes;
  size_t size;
  size_t position;
  char message[200];
  int failed;
  TIFF *tiff;
  uint32_t width, height;
  uint16_t bits, samples, photometric, planar, orientation;
  /* Samples of colour, and whether one of opacity follows; `associated`: the colour was multiplied with it already. */
  int colours, has_alpha, associated;
  uint16_t *palette[3];
  int palette_is_8_bit;
  /* The file's bytes of a row or band; one row as 8-bit samples; the same as grey or RGB. */
  uint8_t *raw;
  uint8_t *row;
  uint8_t *shown;
  cimage_rows rows;
} decoder;

static tmsize_t read_bytes(thandle_t handle, void *to, tmsize_t count) {
  decoder *state = (decoder *)handle;
  if (count <= 0 || state->position >= state->size) return 0;
  size_t left = state->size - state->position;
  size_t taken = (size_t)count < left ? (size_t)count : left;
  memcpy(to, state->bytes + state->position, taken);
  state->position += taken;
  return (tmsize_t)taken;
}

static tmsize_t write_bytes(thandle_t handle, void *from, tmsize_t count) {
  (void)handle, (void)from, (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
  decoder *state = (decoder *)handle;
  uint64_t base = whence == SEEK_CUR ? state->position : whence == SEEK_END ? state->size : 0;
  state->position = (size_t)(base + offset);
  return state->position;
}

static int close_file(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t file_size(thandle_t handle) { return ((decoder *)handle)->size; }

static int on_error(TIFF *tiff, void *data, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)module;
  decoder *state = data;
  /* The first is the cause. */
  if (!state->failed) vsnprintf(state->message, sizeof state->message, format, arguments);
  state->failed = 1;
  return 1;
}

static int on_warning(TIFF *tiff, void *data, const char *module, const char *format, va_list arguments) {
  (void)tiff, (void)data, (void)module, (void)format, (void)arguments;
  return 1;
}

static void release(decoder *state) {
  if (state->tiff) TIFFClose(state->tiff);
  free(state->raw);
  free(state->row);
  free(state->shown);
  cimage_rows_discard(&state->rows);
  free(state);
}

static int fail(decoder *state, int status, char *error, size_t error_size) {
  cimage_fail(status, error, error_size, "%s", state->message);
  release(state);
  return status;
}

static int unsupported(decoder *state, const char *what, unsigned value, char *error, size_t error_size) {
  snprintf(state->message, sizeof state->message, "it is a TIFF file with %s %u, which is not read", what, value);
  return fail(state, CIMAGE_CORRUPT, error, error_size);
}

static decoder *open_decoder(const uint8_t *bytes, size_t size) {
  decoder *state = calloc(1, sizeof *state);
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (state && options) {
    state->bytes = bytes;
    state->size = size;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, state);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, state);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)MOST_BUFFER_BYTES);
    /* "m": not mapped, as the bytes are here already. */
    state->tiff = TIFFClientOpenExt("image", "rm", (thandle_t)state, read_bytes, write_bytes, seek, close_file,
                                    file_size, NULL, NULL, options);
  }
  if (options) TIFFOpenOptionsFree(options);
  return state;
}

/* What the directory says; CIMAGE_OK, or what it breaks. The decoder is released where it fails. */
static int read_directory(decoder *state, char *error, size_t error_size) {
  TIFF *tiff = state->tiff;
  if (!tiff) {
    snprintf(state->message, sizeof state->message, "the file ends before its directory, or that is damaged");
    return fail(state, CIMAGE_TRUNCATED, error, error_size);
  }
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &state->width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &state->height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &state->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &state->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &state->planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &state->orientation);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &state->photometric)) {
    state->photometric = state->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  }
  int status = cimage_check_size(state->width, state->height, state->message, sizeof state->message);
  if (status != CIMAGE_OK) return fail(state, status, error, error_size);

  switch (state->photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE:
      state->colours = 1;
      break;
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_YCBCR:
      state->colours = 3;
      break;
    case PHOTOMETRIC_SEPARATED:
      state->colours = 4;
      break;
    default:
      return unsupported(state, "photometric interpretation", state->photometric, error, error_size);
  }
  uint16_t format = SAMPLEFORMAT_UINT;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
    return unsupported(state, "samples of format", format, error, error_size);
  }
  int narrow = state->colours == 1 && (state->bits == 1 || state->bits == 2 || state->bits == 4);
  if (!narrow && state->bits != 8 && state->bits != 16) {
    return unsupported(state, "bits a sample:", state->bits, error, error_size);
  }
  if (state->samples < state->colours || state->samples > 16) {
    return unsupported(state, "samples a pixel:", state->samples, error, error_size);
  }
  uint16_t extra_count = 0, *extra = NULL;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_count, &extra);
  if (state->samples > state->colours && extra_count > 0 && extra && state->colours != 4) {
    state->has_alpha = extra[0] == EXTRASAMPLE_ASSOCALPHA || extra[0] == EXTRASAMPLE_UNASSALPHA;
    state->associated = extra[0] == EXTRASAMPLE_ASSOCALPHA;
  }
  if (state->photometric == PHOTOMETRIC_PALETTE) {
    uint16_t **map = state->palette;
    if (state->bits > 8 || !TIFFGetField(tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2])) {
      snprintf(state->message, sizeof state->message, "it has palette colours but no palette for %u bits", state->bits);
      return fail(state, CIMAGE_CORRUPT, error, error_size);
    }
    /* Some writers put 8-bit colours into the 16-bit palette. */
    state->palette_is_8_bit = 1;
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 1 << state->bits; i++) state->palette_is_8_bit &= map[c][i] < 256;
    }
  }
  if (state->photometric == PHOTOMETRIC_YCBCR) {
    uint16_t compression = COMPRESSION_NONE;
    TIFFGetField(tiff, TIFFTAG_COMPRESSION, &compression);
    if (compression != COMPRESSION_JPEG || state->planar != PLANARCONFIG_CONTIG) {
      return unsupported(state, "YCbCr colours in compression", compression, error, error_size);
    }
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  return CIMAGE_OK;
}

static int own_channels(const decoder *state) {
  return state->colours == 1 && state->photometric != PHOTOMETRIC_PALETTE ? 1 : 3;
}

int cimage_tiff_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size) {
  decoder *state = open_decoder(bytes, size);
  if (!state) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to read it");
  int status = read_directory(state, error, error_size);
  if (status != CIMAGE_OK) return status;
  int swaps = state->orientation >= 5 && state->orientation <= 8;
  header->format = CIMAGE_TIFF;
  header->width = (int32_t)(swaps ? state->height : state->width);
  header->height = (int32_t)(swaps ? state->width : state->height);
  header->channels = own_channels(state);
  release(state);
  return CIMAGE_OK;
}

/* `count` samples from `from` to 8 bits each. Palette indexes keep their value, others the whole range. */
static void unpack(const decoder *state, const uint8_t *from, size_t count, uint8_t *to) {
  if (state->bits == 8) {
    memcpy(to, from, count);
  } else if (state->bits == 16) {
    for (size_t i = 0; i < count; i++) {
      uint16_t value;
      memcpy(&value, from + 2 * i, 2);
      to[i] = (uint8_t)(((uint32_t)value * 255 + 32767) / 65535);
    }
  } else {
    unsigned bits = state->bits, mask = (1u << bits) - 1;
    unsigned scale = state->photometric == PHOTOMETRIC_PALETTE ? 1 : 255 / mask;
    for (size_t i = 0; i < count; i++) {
      size_t bit = i * bits;
      to[i] = (uint8_t)((from[bit / 8] >> (8 - bits - bit % 8) & mask) * scale);
    }
  }
}

/* A row of 8-bit samples as the file has them, to the picture. */
static void show_row(decoder *state, const uint8_t *row) {
  size_t step = state->samples;
  int channels = own_channels(state);
  uint8_t *shown = state->shown;
  for (uint32_t x = 0; x < state->width; x++) {
    const uint8_t *from = row + step * x;
    uint8_t *to = shown + (size_t)channels * x;
    if (state->photometric == PHOTOMETRIC_PALETTE) {
      for (int c = 0; c < 3; c++) {
        uint32_t value = state->palette[c][*from];
        /* Written as 256 or 257 times the colour. */
        to[c] = (uint8_t)(state->palette_is_8_bit ? value : value >> 8);
      }
    } else if (state->photometric == PHOTOMETRIC_SEPARATED) {
      uint32_t black = 255 - from[3];
      for (int c = 0; c < 3; c++) to[c] = (uint8_t)(((255 - from[c]) * black + 127) / 255);
    } else {
      uint8_t inverse = state->photometric == PHOTOMETRIC_MINISWHITE ? 255 : 0;
      for (int c = 0; c < channels; c++) to[c] = from[c] ^ inverse;
    }
    if (state->has_alpha && !state->associated) {
      uint32_t alpha = from[state->colours];
      for (int c = 0; c < channels; c++) to[c] = (uint8_t)((to[c] * alpha + 127) / 255);
    }
  }
  cimage_rows_add(&state->rows, shown, channels);
}

static size_t packed_bytes(const decoder *state, uint64_t samples) { return (size_t)((samples * state->bits + 7) / 8); }

static int read_strips(decoder *state) {
  size_t samples = (size_t)state->width * state->samples;
  tmsize_t line = TIFFScanlineSize(state->tiff);
  if (line <= 0 || (size_t)line < packed_bytes(state, samples)) return CIMAGE_CORRUPT;
  state->raw = malloc((size_t)line);
  if (!state->raw) return CIMAGE_OUT_OF_MEMORY;
  for (uint32_t y = 0; y < state->height; y++) {
    if (TIFFReadScanline(state->tiff, state->raw, y, 0) != 1) return CIMAGE_TRUNCATED;
    unpack(state, state->raw, samples, state->row);
    show_row(state, state->row);
  }
  return CIMAGE_OK;
}

/* One plane a sample: all of them are kept, then joined row by row. */
static int read_planes(decoder *state) {
  size_t plane = (size_t)state->width * state->height;
  tmsize_t line = TIFFScanlineSize(state->tiff);
  if (line <= 0 || (size_t)line < packed_bytes(state, state->width)) return CIMAGE_CORRUPT;
  int used = state->colours + state->has_alpha;
  uint8_t *planes = malloc(plane * used + (size_t)line);
  if (!planes) return CIMAGE_OUT_OF_MEMORY;
  state->raw = planes;
  uint8_t *raw = planes + plane * used;
  for (int s = 0; s < used; s++) {
    for (uint32_t y = 0; y < state->height; y++) {
      if (TIFFReadScanline(state->tiff, raw, y, (uint16_t)s) != 1) return CIMAGE_TRUNCATED;
      unpack(state, raw, state->width, planes + plane * s + (size_t)state->width * y);
    }
  }
  for (uint32_t y = 0; y < state->height; y++) {
    for (int s = 0; s < used; s++) {
      const uint8_t *from = planes + plane * s + (size_t)state->width * y;
      for (uint32_t x = 0; x < state->width; x++) state->row[(size_t)state->samples * x + s] = from[x];
    }
    show_row(state, state->row);
  }
  return CIMAGE_OK;
}

/* A band of tiles at a time, unpacked into the band's rows. */
static int read_tiles(decoder *state, char *message, size_t message_size) {
  uint32_t tile_width = 0, tile_height = 0;
  TIFFGetField(state->tiff, TIFFTAG_TILEWIDTH, &tile_width);
  TIFFGetField(state->tiff, TIFFTAG_TILELENGTH, &tile_height);
  tmsize_t tile_bytes = TIFFTileSize(state->tiff), tile_line = TIFFTileRowSize(state->tiff);
  int separate = state->planar == PLANARCONFIG_SEPARATE;
  uint64_t tile_samples = (uint64_t)tile_width * (separate ? 1 : state->samples);
  uint64_t band_line = (uint64_t)state->width * state->samples;
  uint32_t band_height = tile_height < state->height ? tile_height : state->height;
  if (tile_width == 0 || tile_height == 0 || tile_bytes <= 0 || tile_line <= 0 ||
      (uint64_t)tile_line < packed_bytes(state, tile_samples) ||
      (uint64_t)tile_bytes < (uint64_t)tile_line * tile_height) {
    return CIMAGE_CORRUPT;
  }
  if ((uint64_t)tile_bytes > MOST_BUFFER_BYTES || band_line * band_height + tile_samples > MOST_BUFFER_BYTES) {
    snprintf(message, message_size, "its tiles of %u x %u pixels are too large", tile_width, tile_height);
    return CIMAGE_TOO_LARGE;
  }
  state->raw = malloc((size_t)tile_bytes);
  free(state->row);
  state->row = malloc((size_t)(band_line * band_height + tile_samples));
  if (!state->raw || !state->row) return CIMAGE_OUT_OF_MEMORY;
  uint8_t *line = state->row + band_line * band_height;
  for (uint32_t top = 0; top < state->height; top += tile_height) {
    uint32_t tall = state->height - top < tile_height ? state->height - top : tile_height;
    for (int s = 0; s < (separate ? state->samples : 1); s++) {
      for (uint32_t left = 0; left < state->width; left += tile_width) {
        if (TIFFReadTile(state->tiff, state->raw, left, top, 0, (uint16_t)s) < 0) return CIMAGE_TRUNCATED;
        uint32_t wide = state->width - left < tile_width ? state->width - left : tile_width;
        for (uint32_t y = 0; y < tall; y++) {
          uint8_t *to = state->row + band_line * y + (size_t)left * state->samples;
          unpack(state, state->raw + (size_t)tile_line * y, tile_samples, line);
          if (separate) {
            for (uint32_t x = 0; x < wide; x++) to[(size_t)state->samples * x + s] = line[x];
          } else {
            memcpy(to, line, (size_t)wide * state->samples);
          }
        }
      }
    }
    for (uint32_t y = 0; y < tall; y++) show_row(state, state->row + band_line * y);
  }
  return CIMAGE_OK;
}

int cimage_tiff_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_target target,
                       cimage_picture *picture, char *error, size_t error_size) {
  decoder *state = open_decoder(bytes, size);
  if (!state) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to read it");
  int status = read_directory(state, error, error_size);
  if (status != CIMAGE_OK) return status;
  int swaps = state->orientation >= 5 && state->orientation <= 8;
  int tiled = TIFFIsTiled(state->tiff);
  int separate = state->planar == PLANARCONFIG_SEPARATE && state->samples > 1;
  uint64_t planes = (uint64_t)state->width * state->height * state->samples;
  if (separate && !tiled && planes > MOST_BUFFER_BYTES) {
    snprintf(state->message, sizeof state->message, "its %u x %u pixels are stored plane by plane; that many are not read",
             state->width, state->height);
    return fail(state, CIMAGE_TOO_LARGE, error, error_size);
  }
  state->row = malloc((size_t)state->width * state->samples);
  state->shown = malloc((size_t)state->width * 3);
  if (!state->row || !state->shown ||
      !cimage_rows_begin(&state->rows, state->width, state->height, channels == 0 ? own_channels(state) : channels,
                         target, swaps)) {
    status = CIMAGE_OUT_OF_MEMORY;
  } else {
    status = tiled ? read_tiles(state, state->message, sizeof state->message)
             : separate ? read_planes(state) : read_strips(state);
  }
  if (status == CIMAGE_OUT_OF_MEMORY) snprintf(state->message, sizeof state->message, "no memory to read it");
  if (status == CIMAGE_CORRUPT && !state->failed) {
    snprintf(state->message, sizeof state->message, "the layout of its rows contradicts itself");
  }
  /* What libtiff says of bytes that are not there names a row only at times. */
  if (status == CIMAGE_TRUNCATED && (!state->failed || strncmp(state->message, "Read error", 10) == 0)) {
    snprintf(state->message, sizeof state->message, "the file ends early, after %zu bytes", state->size);
  }
  if (status != CIMAGE_OK) return fail(state, status, error, error_size);
  if (!cimage_orient(&state->rows.picture, state->orientation)) {
    snprintf(state->message, sizeof state->message, "no memory to turn it upright");
    return fail(state, CIMAGE_OUT_OF_MEMORY, error, error_size);
  }
  *picture = state->rows.picture;
  state->rows.picture.pixels = NULL;
  release(state);
  return CIMAGE_OK;
}
