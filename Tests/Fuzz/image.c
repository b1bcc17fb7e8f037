#include <CImage.h>

#include <stdlib.h>

/* libFuzzer: JPEG, PNG or TIFF files, as FORMAT says (0: bytes of any kind, by their headers). */

/* Larger pictures cost the search its speed, not the decoder its safety. */
#define MOST_PIXELS (1 << 18)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  int format = cimage_format(bytes, size);
  if (FORMAT != 0 && format != FORMAT) return -1;
  char error[200];
  cimage_header header;
  if (cimage_read_header(bytes, size, &header, error, sizeof error) != CIMAGE_OK) return 0;
  if (header.width < 1 || header.height < 1 || (header.channels != 1 && header.channels != 3)) abort();
  if (FORMAT == 0 || (uint64_t)header.width * header.height > MOST_PIXELS) return 0;
  static const cimage_target targets[] = {{0, 0, 0}, {8, 0, 0}, {0, 40, 3}};
  for (int i = 0; i < 3; i++) {
    cimage_picture picture;
    int32_t channels = i == 0 ? 0 : i == 1 ? 1 : 3;
    if (cimage_decode(bytes, size, channels, targets[i], &picture, error, sizeof error) != CIMAGE_OK) continue;
    if (picture.width < 1 || picture.height < 1 || (channels != 0 && picture.channels != channels)) abort();
    uint64_t sum, squares;
    cimage_sums(picture.pixels, (size_t)picture.width * picture.height * picture.channels, &sum, &squares);
    cimage_free(picture.pixels);
  }
  return 0;
}
