#include "layout.h"

#include <cstring>
#include <string>
#include <vector>

#include "fault.h"

namespace dicom {

namespace {

constexpr uint32_t undefinedLength = 0xFFFFFFFF;
/// Sequences and items, each counted; the standard's deepest objects stay below 20.
constexpr size_t deepest = 64;

struct Reader {
  const uint8_t *bytes;
  size_t size;
  bool big;

  uint32_t read16(size_t at) const {
    return big ? uint32_t(bytes[at]) << 8 | bytes[at + 1] : uint32_t(bytes[at + 1]) << 8 | bytes[at];
  }
  uint32_t read32(size_t at) const {
    return big ? read16(at) << 16 | read16(at + 2) : read16(at + 2) << 16 | read16(at);
  }
};

bool isRepresentation(const uint8_t *at) {
  static const char known[] = "AEASATCSDADSDTFLFDISLOLTOBODOFOLOVOWPNSHSLSQSSSTSVTMUCUIULUNURUSUTUV";
  for (size_t i = 0; i + 1 < sizeof known; i += 2) {
    if (at[0] == known[i] && at[1] == known[i + 1]) return true;
  }
  return false;
}

bool hasLongLength(const uint8_t *at) {
  static const char known[] = "OBODOFOLOVOWSQSVUCUNURUTUV";
  for (size_t i = 0; i + 1 < sizeof known; i += 2) {
    if (at[0] == known[i] && at[1] == known[i + 1]) return true;
  }
  return false;
}

struct Element {
  uint32_t group, element, length;
  /// Where its value begins.
  size_t value;
  bool isSequence, isSurelySequence;
};

bool readElement(const Reader &reader, size_t at, size_t end, bool implicit, Element &element) {
  if (end - at < 8) return false;
  element.group = reader.read16(at);
  element.element = reader.read16(at + 2);
  const uint8_t *representation = reader.bytes + at + 4;
  element.isSequence = false;
  if (element.group == 0xFFFE || implicit || !isRepresentation(representation)) {
    element.length = reader.read32(at + 4);
    element.value = at + 8;
  } else if (hasLongLength(representation)) {
    if (end - at < 12) return false;
    element.length = reader.read32(at + 8);
    element.value = at + 12;
    element.isSequence = representation[0] == 'S' && representation[1] == 'Q';
  } else {
    element.length = reader.read16(at + 6);
    element.value = at + 8;
  }
  if (element.length == undefinedLength) element.isSequence = true;
  element.isSurelySequence = element.isSequence;
  // By its value: what else may be taken for a sequence begins with an item.
  if (!element.isSequence && element.length >= 8 && end - element.value >= 4) {
    element.isSequence = reader.read16(element.value) == 0xFFFE && reader.read16(element.value + 2) == 0xE000;
  }
  return true;
}

/// The transfer syntax that the file's meta information names, and where the data set begins.
std::string transferSyntax(const Reader &reader, size_t &at) {
  std::string syntax;
  Element element;
  while (readElement(reader, at, reader.size, false, element) && element.group == 2) {
    if (element.length > reader.size - element.value) break;
    if (element.element == 0x0010) {
      syntax.assign(reinterpret_cast<const char *>(reader.bytes + element.value), element.length);
      while (!syntax.empty() && (syntax.back() == '\0' || syntax.back() == ' ')) syntax.pop_back();
    }
    at = element.value + element.length;
  }
  return syntax;
}

}  // namespace

bool begins(const uint8_t *bytes, size_t size) {
  if (size >= 132 && memcmp(bytes + 128, "DICM", 4) == 0) return true;
  if (size < 16) return false;
  Reader little{bytes, size, false};
  uint32_t group = little.read16(0), element = little.read16(2);
  if (group == 2 || group == 8) {
    if (element > 0x0070) return false;
    if (isRepresentation(bytes + 4)) return true;
    // Implicit: an even length that the shortest of files could hold.
    return little.read32(4) <= 256 && little.read32(4) % 2 == 0 && little.read32(4) <= size - 8;
  }
  Reader bigEndian{bytes, size, true};
  return bigEndian.read16(0) == 8 && bigEndian.read16(2) <= 0x0070 && isRepresentation(bytes + 4);
}

void checkLayout(const uint8_t *bytes, size_t size) {
  Reader reader{bytes, size, false};
  size_t at = size >= 132 && memcmp(bytes + 128, "DICM", 4) == 0 ? 132 : 0;
  std::string syntax = transferSyntax(reader, at);
  if (syntax == "1.2.840.10008.1.2.1.99") {
    throw Fault(CIMAGE_CORRUPT, "it is DICOM in the transfer syntax Deflated Explicit VR, which is not read");
  }
  reader.big = syntax == "1.2.840.10008.1.2.2" || (syntax.empty() && size >= 2 && bytes[0] == 0);
  bool implicit = syntax == "1.2.840.10008.1.2";

  std::vector<size_t> ends;
  // Whether what is around the element was surely a sequence.
  bool isSure = true;
  while (at < size) {
    while (!ends.empty() && at >= ends.back()) {
      at = ends.back();
      ends.pop_back();
    }
    size_t end = ends.empty() ? size : ends.back();
    if (ends.empty()) isSure = true;
    Element element;
    if (at >= end || !readElement(reader, at, end, implicit, element)) {
      if (ends.empty()) return;
      at = end;
      continue;
    }
    // DCMTK takes the memory for a value before it looks for its bytes.
    if (isSure && element.length != undefinedLength && element.length > size - element.value) {
      throw Fault(CIMAGE_TRUNCATED, "the file ends early");
    }
    if (ends.empty() && element.group == 0x7FE0 && element.element == 0x0010) return;
    if (element.group == 0xFFFE && element.element != 0xE000) {
      if (!ends.empty()) ends.pop_back();
      at = element.value;
      continue;
    }
    size_t left = end - element.value;
    size_t valueEnd = element.length == undefinedLength || element.length > left ? end : element.value + element.length;
    if (element.isSequence || element.group == 0xFFFE) {
      if (ends.size() == deepest) {
        throw Fault(CIMAGE_CORRUPT, "its sequences are nested more than %zu deep", deepest / 2);
      }
      ends.push_back(valueEnd);
      isSure = isSure && (element.isSurelySequence || element.group == 0xFFFE);
      at = element.value;
    } else {
      at = valueEnd;
    }
  }
}

}  // namespace dicom
