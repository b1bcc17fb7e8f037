#ifndef GRAFT_CIMAGE_ORIENTATION_H
#define GRAFT_CIMAGE_ORIENTATION_H

#include "internal.h"

/* The orientation, 1 to 8, in an APP1 segment or in a bare TIFF directory; 1 where there is none. */
int cimage_exif_orientation(const uint8_t *data, size_t size);
int cimage_tiff_orientation(const uint8_t *tiff, size_t size);

/* Turns the picture so that it is seen upright; 0 if there is no memory for it. */
int cimage_orient(cimage_picture *picture, int orientation);

#endif
