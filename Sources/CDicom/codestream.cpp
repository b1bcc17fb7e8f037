#include "codestream.h"

#include "fault.h"

namespace dicom {

void checkCodestream(const uint8_t *bytes, size_t size) {
  size_t at = 0;
  while (size - at >= 4) {
    int first = bytes[at], marker = bytes[at + 1];
    if (first != 0xFF) break;
    if (marker == 0xD8) {
      at += 2;
      continue;
    }
    // A frame's header (of JPEG-LS, 0xF7) is all that is looked for; from there on the decoder reads.
    bool isFrame = (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) || marker == 0xF7;
    if (isFrame || marker == 0xDA) return;
    bool isSegment = marker == 0xC4 || marker == 0xCC || (marker >= 0xDB && marker <= 0xEF) || marker == 0xF8 || marker == 0xFE;
    size_t length = size_t(bytes[at + 2]) << 8 | bytes[at + 3];
    if (!isSegment || length < 2) break;
    if (length + 2 > size - at) return;
    at += 2 + length;
  }
  if (size - at < 4) return;
  throw Fault(CIMAGE_TRUNCATED, "its JPEG stream has the bytes %02X %02X where a marker belongs", bytes[at], bytes[at + 1]);
}

}  // namespace dicom
