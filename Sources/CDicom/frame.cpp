#include "frame.h"

#include <algorithm>
#include <cmath>

namespace dicom {

namespace {

/// The windows of PS3.3 C.11.2.1.2 and C.11.2.1.3, onto 0...1.
double windowed(double x, double centre, double width, Display::Function function) {
  switch (function) {
    case Display::Function::linear:
      if (x <= centre - 0.5 - (width - 1) / 2) return 0;
      if (x > centre - 0.5 + (width - 1) / 2) return 1;
      return (x - (centre - 0.5)) / (width - 1) + 0.5;
    case Display::Function::linearExact:
      if (x <= centre - width / 2) return 0;
      if (x > centre + width / 2) return 1;
      return (x - centre) / width + 0.5;
    default:
      return 1 / (1 + std::exp(-4 * (x - centre) / width));
  }
}

uint8_t level(double share) { return uint8_t(std::floor(std::clamp(share, 0.0, 1.0) * 255 + 0.5)); }

double lookedUp(const Lookup &table, double value) { return table.at(value) / (std::pow(2.0, table.bits) - 1); }

uint8_t clamped(double value) { return uint8_t(std::clamp(std::floor(value + 0.5), 0.0, 255.0)); }

}  // namespace

void showGrey(const Frame &frame, const Display &display, uint8_t *grey) {
  size_t used = size_t(1) << frame.stored;
  std::vector<double> values(used);
  for (size_t i = 0; i < used; i++) {
    double value = frame.value(uint32_t(i));
    values[i] = display.modality.isEmpty() ? value * display.slope + display.intercept : display.modality.at(value);
  }
  double lowest = 0, highest = 0;
  if (!display.hasWindow && display.voi.isEmpty()) {
    std::vector<uint8_t> seen(used);
    for (size_t i = 0; i < frame.count(); i++) seen[frame.used(frame.raw(i))] = 1;
    lowest = INFINITY, highest = -INFINITY;
    for (size_t i = 0; i < used; i++) {
      if (seen[i]) lowest = std::min(lowest, values[i]), highest = std::max(highest, values[i]);
    }
  }
  std::vector<uint8_t> levels(used);
  for (size_t i = 0; i < used; i++) {
    double share;
    if (display.hasWindow) {
      share = windowed(values[i], display.centre, display.width, display.function);
    } else if (!display.voi.isEmpty()) {
      share = lookedUp(display.voi, values[i]);
    } else {
      share = highest > lowest ? (values[i] - lowest) / (highest - lowest) : 0;
    }
    levels[i] = display.isInverted ? 255 - level(share) : level(share);
  }
  for (size_t i = 0; i < frame.count(); i++) grey[i] = levels[frame.used(frame.raw(i))];
}

void showColour(const Frame &frame, const Lookup *palette, uint8_t *planes) {
  size_t count = frame.count();
  if (palette) {
    for (int c = 0; c < 3; c++) {
      int shift = palette[c].bits > 8 ? palette[c].bits - 8 : 0;
      for (size_t i = 0; i < count; i++) {
        planes[c * count + i] = uint8_t(palette[c].at(frame.value(frame.used(frame.raw(i)))) >> shift);
      }
    }
    return;
  }
  bool halved = frame.colours == "YBR_FULL_422";
  double range = double((uint32_t(1) << frame.stored) - 1);
  auto sample = [&](size_t index) {
    uint32_t used = frame.used(frame.raw(index));
    return frame.stored == 8 ? uint8_t(used) : uint8_t(used / range * 255 + 0.5);
  };
  bool isLuminance = halved || frame.colours == "YBR_FULL";
  for (size_t i = 0; i < count; i++) {
    uint8_t parts[3];
    for (size_t c = 0; c < 3; c++) {
      if (halved) {
        // Two pixels share their colour: Y Y Cb Cr.
        parts[c] = sample(i / 2 * 4 + (c == 0 ? i % 2 : c + 1));
      } else {
        parts[c] = sample(frame.byPlane ? c * count + i : 3 * i + c);
      }
    }
    if (isLuminance) {
      double y = parts[0], blue = parts[1] - 128.0, red = parts[2] - 128.0;
      parts[0] = clamped(y + 1.402 * red);
      parts[1] = clamped(y - 0.344136 * blue - 0.714136 * red);
      parts[2] = clamped(y + 1.772 * blue);
    }
    for (size_t c = 0; c < 3; c++) planes[c * count + i] = parts[c];
  }
}

}  // namespace dicom
