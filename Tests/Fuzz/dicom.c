#include <CDicom.h>

#include <stdlib.h>

/* libFuzzer: DICOM files. */

#define MOST_PIXELS (1 << 18)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (!cdicom_is_dicom(bytes, size)) return -1;
  char error[200];
  cimage_header header;
  if (cdicom_read_header(bytes, size, &header, error, sizeof error) != CIMAGE_OK) return 0;
  if (header.width < 1 || header.height < 1 || (header.channels != 1 && header.channels != 3)) abort();
  if ((uint64_t)header.width * header.height > MOST_PIXELS) return 0;
  for (int32_t channels = 0; channels <= 3; channels += channels + 1) {
    cimage_picture picture;
    if (cdicom_decode(bytes, size, channels, &picture, error, sizeof error) != CIMAGE_OK) continue;
    uint64_t sum, squares;
    cimage_sums(picture.pixels, (size_t)picture.width * picture.height * picture.channels, &sum, &squares);
    cimage_free(picture.pixels);
  }
  return 0;
}
