#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dicom {

/// The first frame as it is stored, without compression.
struct Frame {
  uint32_t width = 0, height = 0;
  /// 1 or 3.
  int samples = 1;
  /// Bits that a sample takes (8 or 16), that it uses, and the highest of these.
  int allocated = 8, stored = 8, high = 7;
  bool isSigned = false;
  /// Plane after plane, not pixel after pixel.
  bool byPlane = false;
  /// The photometric interpretation of `data`.
  std::string colours;
  const uint8_t *data = nullptr;
  /// Where `data` lies, if it is no part of the data set.
  std::vector<uint8_t> memory;

  size_t count() const { return size_t(width) * height; }
  /// Stored values as they lie there: `index` counts samples.
  uint32_t raw(size_t index) const {
    if (allocated == 8) return data[index];
    return uint32_t(data[2 * index]) | uint32_t(data[2 * index + 1]) << 8;
  }
  /// The bits that are used of a raw value.
  uint32_t used(uint32_t raw) const { return raw >> (high + 1 - stored) & ((uint32_t(1) << stored) - 1); }
  /// What the used bits stand for.
  int32_t value(uint32_t used) const {
    return isSigned && used >> (stored - 1) & 1 ? int32_t(used) - (int32_t(1) << stored) : int32_t(used);
  }
};

/// A table of the file: palette, modality or VOI.
struct Lookup {
  int32_t first = 0;
  int bits = 16;
  std::vector<uint16_t> entries;

  bool isEmpty() const { return entries.empty(); }
  /// The entry for a value; those beyond the ends get the ends'.
  uint16_t at(double value) const {
    double place = value - first;
    if (!(place > 0)) return entries.front();
    return place >= double(entries.size() - 1) ? entries.back() : entries[size_t(place)];
  }
};

/// How stored values of a grey image are shown.
struct Display {
  double slope = 1, intercept = 0;
  Lookup modality;
  bool hasWindow = false;
  double centre = 0, width = 0;
  enum class Function { linear, linearExact, sigmoid } function = Function::linear;
  Lookup voi;
  bool isInverted = false;
};

/// Writes one plane of grey.
void showGrey(const Frame &frame, const Display &display, uint8_t *grey);
/// Writes three planes; `palette` holds three tables where the colours are a palette's.
void showColour(const Frame &frame, const Lookup *palette, uint8_t *planes);

}  // namespace dicom
