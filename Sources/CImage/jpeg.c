#include "internal.h"
#include "orientation.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

/* More scans than this is no picture but an attack on the decoder's time. */
#define MOST_SCANS 500

typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf escape;
  int status;
  char message[JMSG_LENGTH_MAX];
} error_state;

typedef struct {
  struct jpeg_decompress_struct decompress;
  struct jpeg_progress_mgr progress;
  error_state errors;
  cimage_picture picture;
  uint8_t *row;
} decoder;

static void on_error(j_common_ptr common) {
  error_state *errors = (error_state *)common->err;
  common->err->format_message(common, errors->message);
  errors->status = common->err->msg_code == JERR_OUT_OF_MEMORY ? CIMAGE_OUT_OF_MEMORY
                   : common->err->msg_code == JERR_INPUT_EMPTY ? CIMAGE_TRUNCATED
                                                               : CIMAGE_CORRUPT;
  longjmp(errors->escape, 1);
}

/* Level -1 is a warning: data damaged, pixels made up. The file is then given up at once, so that a large one that ends
   early costs no more than it holds. Warnings that leave every pixel as it was written are let pass. */
static void on_message(j_common_ptr common, int level) {
  error_state *errors = (error_state *)common->err;
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_TOO_MUCH_DATA:
      return;
    default:
      common->err->format_message(common, errors->message);
      errors->status = CIMAGE_TRUNCATED;
      longjmp(errors->escape, 1);
  }
}

static void on_output(j_common_ptr common) { (void)common; }

static void on_progress(j_common_ptr common) {
  decoder *state = (decoder *)((char *)common - offsetof(decoder, decompress));
  if (common->is_decompressor && state->decompress.input_scan_number > MOST_SCANS) {
    snprintf(state->errors.message, sizeof state->errors.message, "it has more than %d scans", MOST_SCANS);
    state->errors.status = CIMAGE_CORRUPT;
    longjmp(state->errors.escape, 1);
  }
}

static void begin_errors(error_state *errors) {
  jpeg_std_error(&errors->manager);
  errors->manager.error_exit = on_error;
  errors->manager.emit_message = on_message;
  errors->manager.output_message = on_output;
}

static int orientation_of(const struct jpeg_decompress_struct *decompress) {
  for (jpeg_saved_marker_ptr marker = decompress->marker_list; marker; marker = marker->next) {
    if (marker->marker == JPEG_APP0 + 1 && marker->data_length >= 6 && memcmp(marker->data, "Exif\0\0", 6) == 0) {
      return cimage_exif_orientation(marker->data, marker->data_length);
    }
  }
  return 1;
}

static void open_decoder(decoder *state, const uint8_t *bytes, size_t size) {
  jpeg_create_decompress(&state->decompress);
  state->progress.progress_monitor = on_progress;
  state->decompress.progress = &state->progress;
  jpeg_mem_src(&state->decompress, bytes, size);
  jpeg_save_markers(&state->decompress, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&state->decompress, TRUE);
}

static int own_channels(const struct jpeg_decompress_struct *decompress) {
  return decompress->jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
}

static int failed(decoder *state, char *error, size_t error_size) {
  jpeg_destroy_decompress(&state->decompress);
  free(state->row);
  free(state->picture.pixels);
  int status = cimage_fail(state->errors.status, error, error_size, "%s", state->errors.message);
  free(state);
  return status;
}

static decoder *new_decoder(void) {
  decoder *state = calloc(1, sizeof *state);
  if (!state) return NULL;
  begin_errors(&state->errors);
  state->decompress.err = &state->errors.manager;
  return state;
}

int cimage_jpeg_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size) {
  decoder *state = new_decoder();
  if (!state) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to read it");
  if (setjmp(state->errors.escape)) return failed(state, error, error_size);
  open_decoder(state, bytes, size);
  int swaps = orientation_of(&state->decompress) >= 5;
  header->format = CIMAGE_JPEG;
  header->width = (int32_t)(swaps ? state->decompress.image_height : state->decompress.image_width);
  header->height = (int32_t)(swaps ? state->decompress.image_width : state->decompress.image_height);
  header->channels = own_channels(&state->decompress);
  jpeg_destroy_decompress(&state->decompress);
  free(state);
  return CIMAGE_OK;
}

static void choose_scale(struct jpeg_decompress_struct *decompress, cimage_target target, int swaps) {
  if (target.short_side <= 0 && target.width <= 0 && target.height <= 0) return;
  uint32_t wanted_width = target.width > target.short_side ? target.width : target.short_side;
  uint32_t wanted_height = target.height > target.short_side ? target.height : target.short_side;
  for (unsigned denominator = 8; denominator > 1; denominator /= 2) {
    uint32_t width = (decompress->image_width + denominator - 1) / denominator;
    uint32_t height = (decompress->image_height + denominator - 1) / denominator;
    if ((swaps ? height : width) >= wanted_width && (swaps ? width : height) >= wanted_height) {
      decompress->scale_num = 1;
      decompress->scale_denom = denominator;
      return;
    }
  }
}

/* CMYK, as ink or, from Adobe's programs, as its complement, to RGB. */
static void cmyk_to_rgb(uint8_t *row, uint32_t width, int inverted) {
  for (uint32_t x = 0; x < width; x++) {
    const uint8_t *ink = row + 4 * (size_t)x;
    uint32_t complement = inverted ? 0 : 255;
    uint32_t black = complement ^ ink[3];
    uint8_t rgb[3];
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(((complement ^ ink[c]) * black + 127) / 255);
    memcpy(row + 3 * (size_t)x, rgb, 3);
  }
}

static void read_rows(decoder *state, int from_cmyk, int inverted) {
  struct jpeg_decompress_struct *decompress = &state->decompress;
  cimage_picture *picture = &state->picture;
  size_t plane = (size_t)picture->width * picture->height;
  while (decompress->output_scanline < decompress->output_height) {
    uint8_t *grey = picture->pixels + (size_t)decompress->output_scanline * picture->width;
    int direct = picture->channels == 1 && decompress->output_components == 1;
    JSAMPROW rows[1] = {direct ? grey : state->row};
    if (jpeg_read_scanlines(decompress, rows, 1) != 1) continue;
    if (direct) continue;
    if (from_cmyk) cmyk_to_rgb(state->row, decompress->output_width, inverted);
    if (picture->channels == 1) {
      cimage_luma_row(state->row, picture->width, grey);
    } else {
      cimage_split_row(state->row, picture->width, grey, grey + plane, grey + 2 * plane);
    }
  }
}

int cimage_jpeg_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_target target,
                       cimage_picture *picture, char *error, size_t error_size) {
  decoder *state = new_decoder();
  if (!state) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to read it");
  if (setjmp(state->errors.escape)) return failed(state, error, error_size);
  open_decoder(state, bytes, size);
  struct jpeg_decompress_struct *decompress = &state->decompress;

  int status = cimage_check_size(decompress->image_width, decompress->image_height, state->errors.message,
                                 sizeof state->errors.message);
  if (status != CIMAGE_OK) {
    state->errors.status = status;
    return failed(state, error, error_size);
  }
  if (jpeg_has_multiple_scans(decompress) &&
      (uint64_t)decompress->image_width * decompress->image_height > CIMAGE_MOST_PROGRESSIVE_PIXELS) {
    snprintf(state->errors.message, sizeof state->errors.message,
             "it is progressive, of %u x %u pixels; at most %d million of such a file are read",
             decompress->image_width, decompress->image_height, CIMAGE_MOST_PROGRESSIVE_PIXELS / 1000000);
    state->errors.status = CIMAGE_TOO_LARGE;
    return failed(state, error, error_size);
  }
  int orientation = orientation_of(decompress);
  int32_t wanted = channels == 0 ? own_channels(decompress) : channels;
  J_COLOR_SPACE space = decompress->jpeg_color_space;
  int from_cmyk = space == JCS_CMYK || space == JCS_YCCK;
  if (from_cmyk) {
    decompress->out_color_space = JCS_CMYK;
  } else if (space == JCS_GRAYSCALE || space == JCS_YCbCr || space == JCS_RGB) {
    decompress->out_color_space = wanted == 1 && space != JCS_RGB ? JCS_GRAYSCALE : JCS_RGB;
  } else {
    snprintf(state->errors.message, sizeof state->errors.message, "its %d channels are in no colour space known here",
             decompress->num_components);
    state->errors.status = CIMAGE_CORRUPT;
    return failed(state, error, error_size);
  }
  decompress->dct_method = JDCT_ISLOW;
  choose_scale(decompress, target, orientation >= 5);
  jpeg_start_decompress(decompress);

  state->picture.width = (int32_t)decompress->output_width;
  state->picture.height = (int32_t)decompress->output_height;
  state->picture.channels = wanted;
  state->picture.pixels = malloc((size_t)state->picture.width * state->picture.height * wanted);
  state->row = malloc((size_t)decompress->output_width * decompress->output_components);
  if (!state->picture.pixels || !state->row) {
    state->errors.status = CIMAGE_OUT_OF_MEMORY;
    snprintf(state->errors.message, sizeof state->errors.message, "no memory for its %u x %u pixels",
             decompress->output_width, decompress->output_height);
    return failed(state, error, error_size);
  }
  read_rows(state, from_cmyk, decompress->saw_Adobe_marker);
  jpeg_finish_decompress(decompress);

  if (!cimage_orient(&state->picture, orientation)) {
    state->errors.status = CIMAGE_OUT_OF_MEMORY;
    snprintf(state->errors.message, sizeof state->errors.message, "no memory to turn it upright");
    return failed(state, error, error_size);
  }
  *picture = state->picture;
  jpeg_destroy_decompress(decompress);
  free(state->row);
  free(state);
  return CIMAGE_OK;
}

typedef struct {
  struct jpeg_compress_struct compress;
  error_state errors;
  unsigned char *bytes;
  unsigned long size;
  uint8_t *row;
} encoder;

int cimage_encode_jpeg(const uint8_t *pixels, int32_t width, int32_t height, int32_t channels, int32_t quality,
                       uint8_t **bytes, size_t *size, char *error, size_t error_size) {
  if (width < 1 || height < 1 || (channels != 1 && channels != 3)) {
    return cimage_fail(CIMAGE_BAD_ARGUMENT, error, error_size, "no JPEG can hold %d x %d pixels of %d channels", width,
                       height, channels);
  }
  encoder *state = calloc(1, sizeof *state);
  if (!state) return cimage_fail(CIMAGE_OUT_OF_MEMORY, error, error_size, "no memory to write it");
  begin_errors(&state->errors);
  state->compress.err = &state->errors.manager;
  if (setjmp(state->errors.escape)) {
    jpeg_destroy_compress(&state->compress);
    free(state->row);
    /* `bytes` may name a buffer that libjpeg has outgrown and freed; only when it has finished is it ours. */
    int status = cimage_fail(state->errors.status, error, error_size, "%s", state->errors.message);
    free(state);
    return status;
  }
  jpeg_create_compress(&state->compress);
  jpeg_mem_dest(&state->compress, &state->bytes, &state->size);
  state->compress.image_width = (JDIMENSION)width;
  state->compress.image_height = (JDIMENSION)height;
  state->compress.input_components = channels;
  state->compress.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&state->compress);
  jpeg_set_quality(&state->compress, quality, TRUE);
  state->row = malloc((size_t)width * channels);
  if (!state->row) {
    snprintf(state->errors.message, sizeof state->errors.message, "no memory to write it");
    state->errors.status = CIMAGE_OUT_OF_MEMORY;
    longjmp(state->errors.escape, 1);
  }
  jpeg_start_compress(&state->compress, TRUE);
  size_t plane = (size_t)width * height;
  while (state->compress.next_scanline < state->compress.image_height) {
    const uint8_t *first = pixels + (size_t)state->compress.next_scanline * width;
    if (channels == 1) {
      memcpy(state->row, first, width);
    } else {
      cimage_join_row(first, first + plane, first + 2 * plane, width, state->row);
    }
    JSAMPROW rows[1] = {state->row};
    jpeg_write_scanlines(&state->compress, rows, 1);
  }
  jpeg_finish_compress(&state->compress);
  jpeg_destroy_compress(&state->compress);
  *bytes = state->bytes;
  *size = state->size;
  free(state->row);
  free(state);
  return CIMAGE_OK;
}
