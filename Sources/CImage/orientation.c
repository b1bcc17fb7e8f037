#include "orientation.h"

#include <stdlib.h>
#include <string.h>

static uint32_t read16(const uint8_t *p, int big) { return big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]; }

static uint32_t read32(const uint8_t *p, int big) {
  return big ? read16(p, 1) << 16 | read16(p + 2, 1) : read16(p + 2, 0) << 16 | read16(p, 0);
}

int cimage_exif_orientation(const uint8_t *data, size_t size) {
  if (size < 14 || memcmp(data, "Exif\0\0", 6) != 0) return 1;
  return cimage_tiff_orientation(data + 6, size - 6);
}

int cimage_tiff_orientation(const uint8_t *tiff, size_t size) {
  if (size < 8) return 1;
  int big;
  if (tiff[0] == 'M' && tiff[1] == 'M') {
    big = 1;
  } else if (tiff[0] == 'I' && tiff[1] == 'I') {
    big = 0;
  } else {
    return 1;
  }
  if (read16(tiff + 2, big) != 42) return 1;
  size_t directory = read32(tiff + 4, big);
  if (directory > size || size - directory < 2) return 1;
  size_t entries = read16(tiff + directory, big);
  size_t room = (size - directory - 2) / 12;
  if (entries > room) entries = room;
  for (size_t i = 0; i < entries; i++) {
    const uint8_t *entry = tiff + directory + 2 + 12 * i;
    if (read16(entry, big) != 0x0112 || read16(entry + 2, big) != 3) continue;
    uint32_t value = read16(entry + 8, big);
    return value >= 1 && value <= 8 ? (int)value : 1;
  }
  return 1;
}

int cimage_orient(cimage_picture *picture, int orientation) {
  if (orientation < 2 || orientation > 8) return 1;
  int32_t width = picture->width, height = picture->height;
  int swaps = orientation >= 5;
  int32_t new_width = swaps ? height : width;
  int32_t new_height = swaps ? width : height;
  size_t plane = (size_t)width * height;
  uint8_t *turned = malloc(plane * picture->channels);
  if (!turned) return 0;
  for (int32_t c = 0; c < picture->channels; c++) {
    const uint8_t *from = picture->pixels + c * plane;
    uint8_t *to = turned + c * plane;
    for (int32_t y = 0; y < new_height; y++) {
      for (int32_t x = 0; x < new_width; x++) {
        int32_t sx, sy;
        switch (orientation) {
          case 2: sx = width - 1 - x; sy = y; break;
          case 3: sx = width - 1 - x; sy = height - 1 - y; break;
          case 4: sx = x; sy = height - 1 - y; break;
          case 5: sx = y; sy = x; break;
          case 6: sx = y; sy = height - 1 - x; break;
          case 7: sx = width - 1 - y; sy = height - 1 - x; break;
          default: sx = width - 1 - y; sy = x; break;
        }
        to[(size_t)y * new_width + x] = from[(size_t)sy * width + sx];
      }
    }
  }
  free(picture->pixels);
  picture->pixels = turned;
  picture->width = new_width;
  picture->height = new_height;
  return 1;
}
