#ifndef GRAFT_CIMAGE_ROWS_H
#define GRAFT_CIMAGE_ROWS_H

#include "internal.h"

/* Where a decoder puts its rows: a planar picture of the channels asked for. An image of more than
   CIMAGE_MOST_WHOLE_PIXELS of which less is needed is made smaller while its rows come in, each output the mean of a
   square of `factor` x `factor` samples, so that memory does not grow with it. */
typedef struct {
  cimage_picture picture;
  /* Of the file's image, before any orientation. */
  int32_t width, height;
  int32_t factor;
  /* The next row. */
  int32_t row;
  /* Where factor > 1: the sums under way, [column][channel], and one row brought to the picture's channels. */
  uint32_t *sums;
  uint8_t *line;
} cimage_rows;

/* `channels`: 1 or 3. `swaps`: the orientation exchanges width and height, so that `target` is read the other way.
   0 if there is no memory for it. */
int cimage_rows_begin(cimage_rows *rows, uint32_t width, uint32_t height, int32_t channels, cimage_target target,
                      int swaps);

/* One row of `samples` (1 or 3) interleaved 8-bit samples; as many calls as the image is high. */
void cimage_rows_add(cimage_rows *rows, const uint8_t *row, int samples);

/* Frees all but the picture's pixels; of a failed decoder, those too. */
void cimage_rows_end(cimage_rows *rows);
void cimage_rows_discard(cimage_rows *rows);

#endif
