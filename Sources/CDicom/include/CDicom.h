#ifndef GRAFT_CDICOM_H
#define GRAFT_CDICOM_H

#include "CImage.h"

/* DICOM images behind a C interface: DCMTK reads the file and undoes its compression; what the stored values look like
   is computed here. The statuses, pictures and limits are CImage's; no exception crosses. */

#ifdef __cplusplus
extern "C" {
#endif

/* A frame that takes more bytes, uncompressed, is not read. */
#define CDICOM_MOST_FRAME_BYTES 800000000

/* Whether the bytes begin as a DICOM file does: "DICM" at 128, or, without the preamble, an element of group 2 or 8. */
int cdicom_is_dicom(const uint8_t *bytes, size_t size);

int cdicom_read_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size);

/* The first frame, planar, 8 bits a sample, freed by `cimage_free`. `channels`: 1 (ITU-R 601 luma), 3 (grey is
   repeated), or 0 for the file's own.

   Grey: the modality's slope and intercept or table, then the first window of the header (LINEAR, LINEAR_EXACT or
   SIGMOID, PS3.3 C.11.2.1.2), else the VOI table, else the range of the frame's values; MONOCHROME1 is inverted.
   Colour: RGB, YBR_FULL, YBR_FULL_422 and palette colours. */
int cdicom_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_picture *picture, char *error,
                  size_t error_size);

#ifdef __cplusplus
}
#endif

#endif
