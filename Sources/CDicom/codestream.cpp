#include "codestream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fault.h"

namespace dicom {

namespace {

/// Codes of DC differences and of lossless ones name how many bits follow.
void checkTables(const uint8_t *bytes, size_t size, bool isLossless) {
  const int most = isLossless ? 16 : 15;
  size_t at = 0;
  while (size - at >= 17) {
    bool isDC = bytes[at] >> 4 == 0;
    size_t symbols = 0;
    for (size_t i = 1; i <= 16; i++) symbols += bytes[at + i];
    at += 17;
    for (size_t i = 0; i < symbols && at < size; i++, at++) {
      if (isDC && bytes[at] > most) {
        throw Fault(CIMAGE_TRUNCATED, "its JPEG stream has a Huffman code for %d bits", bytes[at]);
      }
    }
  }
}

/// Where the next marker stands: neither filling nor a byte of data.
size_t nextMarker(const uint8_t *bytes, size_t size, size_t at) {
  for (; at + 1 < size; at++) {
    if (bytes[at] == 0xFF && bytes[at + 1] != 0 && bytes[at + 1] != 0xFF) return at;
  }
  return size;
}

/// What is no segment with a length: reserved markers, restarts, the stream's start and end.
bool isBare(int marker) {
  return marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD9) || (marker >= 0xF0 && marker <= 0xFD);
}

/// The way that DCMTK takes to the frame's header, to find the bits a sample.
void checkBeginning(const uint8_t *bytes, size_t size) {
  size_t at = 0;
  while (size - at > 4 && bytes[at] == 0xFF) {
    int marker = bytes[at + 1];
    bool isTable = marker == 0xC4 || marker == 0xC8 || marker == 0xCC;
    if (marker == 0x01) throw Fault(CIMAGE_TRUNCATED, "its JPEG stream has a TEM marker before its frame's header");
    if (marker >= 0xC0 && marker <= 0xCF && !isTable) return;
    if (marker == 0xFF) {
      at += 1;
    } else if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD9)) {
      at += 2;
    } else {
      at += std::min(size - at, 2 + (size_t(bytes[at + 2]) << 8 | bytes[at + 3]));
    }
  }
}

}  // namespace

bool checkJPEG(const uint8_t *bytes, size_t size) {
  checkBeginning(bytes, size);
  bool isLossless = false;
  // Those seen since the last scan; what they are for is known once the frame's header was seen.
  std::vector<std::pair<size_t, size_t>> tables;
  for (size_t at = nextMarker(bytes, size, 0); size - at >= 2; at = nextMarker(bytes, size, at)) {
    int marker = bytes[at + 1];
    at += 2;
    if (marker == 0xD9) return true;
    if (isBare(marker)) continue;
    if (size - at < 2) return false;
    size_t length = std::max<size_t>(2, size_t(bytes[at]) << 8 | bytes[at + 1]);
    if (length > size - at) return false;
    bool isTable = marker == 0xC4 || marker == 0xC8 || marker == 0xCC;
    if (marker <= 0xCF && !isTable) isLossless = marker == 0xC3;
    if (marker == 0xC4) tables.push_back({at + 2, length - 2});
    if (marker == 0xDA) {
      for (auto [begin, count] : tables) checkTables(bytes + begin, count, isLossless);
      tables.clear();
    }
    at += length;
  }
  return false;
}

bool endsAsJPEGLS(const uint8_t *bytes, size_t size) {
  while (size > 0 && bytes[size - 1] == 0) size--;
  return size >= 2 && bytes[size - 2] == 0xFF && bytes[size - 1] == 0xD9;
}

}  // namespace dicom
