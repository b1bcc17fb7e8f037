#include "codestream.h"

#include <utility>
#include <vector>

#include "fault.h"

namespace dicom {

namespace {

/// Codes of DC differences name how many bits follow: 16 only where nothing is lost.
void checkTables(const uint8_t *bytes, size_t size, bool isLossless) {
  size_t at = 0;
  while (size - at >= 17) {
    bool isDC = bytes[at] >> 4 == 0;
    size_t symbols = 0;
    for (size_t i = 1; i <= 16; i++) symbols += bytes[at + i];
    at += 17;
    for (size_t i = 0; i < symbols && at < size; i++, at++) {
      if (isDC && !isLossless && bytes[at] > 15) {
        throw Fault(CIMAGE_TRUNCATED, "its JPEG stream has a Huffman code for %d bits", bytes[at]);
      }
    }
  }
}

/// Where the next marker stands in or behind entropy-coded data.
size_t nextMarker(const uint8_t *bytes, size_t size, size_t at) {
  while (at + 1 < size) {
    int next = bytes[at + 1];
    if (bytes[at] == 0xFF && next != 0 && next != 0xFF && (next < 0xD0 || next > 0xD7)) return at;
    at++;
  }
  return size;
}

}  // namespace

void checkCodestream(const uint8_t *bytes, size_t size, bool isWhole) {
  bool hasFrame = false, isLossless = false;
  // Those seen since the last scan; what they are for is known once the frame's header was seen.
  std::vector<std::pair<size_t, size_t>> tables;
  size_t at = 0;
  while (size - at >= 4 && bytes[at] == 0xFF) {
    int marker = bytes[at + 1];
    if (marker == 0xD8) {
      at += 2;
      continue;
    }
    if (marker == 0xF7) {
      // JPEG-LS. A fragment is filled up with a zero.
      while (size > at && bytes[size - 1] == 0) size--;
      if (isWhole && (size - at < 4 || bytes[size - 2] != 0xFF || bytes[size - 1] != 0xD9)) {
        throw Fault(CIMAGE_TRUNCATED, "its JPEG-LS stream has no end");
      }
      return;
    }
    if (marker == 0xD9) return;
    bool isTable = marker == 0xC4 || marker == 0xC8 || marker == 0xCC;
    bool isSegment = (marker >= 0xC0 && marker <= 0xCF) || (marker >= 0xDA && marker <= 0xEF) || marker == 0xF8 || marker == 0xFE;
    size_t length = size_t(bytes[at + 2]) << 8 | bytes[at + 3];
    if (!isSegment || length < 2) break;
    if (length + 2 > size - at) return;
    if (marker >= 0xC0 && marker <= 0xCF && !isTable) {
      hasFrame = true;
      isLossless = marker == 0xC3;
    }
    if (marker == 0xC4) tables.push_back({at + 4, length - 2});
    if (marker == 0xDA) {
      for (auto [begin, count] : tables) checkTables(bytes + begin, count, isLossless);
      tables.clear();
    }
    at += 2 + length;
    if (marker == 0xDA) at = nextMarker(bytes, size, at);
  }
  if (hasFrame || size - at < 4) return;
  throw Fault(CIMAGE_TRUNCATED, "its JPEG stream has the bytes %02X %02X where a marker belongs", bytes[at], bytes[at + 1]);
}

}  // namespace dicom
