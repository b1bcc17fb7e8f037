#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dicom {

/// The numbers that a JPEG-LS scan is coded by; the names are those of ITU-T T.87.
struct JPEGLSCoding {
  int64_t maxval = 255, near = 0;
  /// Thresholds of the gradients.
  int64_t t1 = 0, t2 = 0, t3 = 0;
  /// Where the statistics are halved.
  int64_t reset = 64;

  /// Those of T.87 C.2.4.1.1.
  void setDefaultThresholds();
};

/// Decodes one scan of coded data, which end before `end`, into planes of `width` x `height` values, a vector each.
/// `bySample`: the planes' samples take turns, else their lines.
///
/// Throws a `Fault` where the data are damaged or end early.
void decodeJPEGLSScan(const uint8_t *begin, const uint8_t *end, const JPEGLSCoding &coding, size_t width, size_t height,
                      bool bySample, std::vector<uint16_t> *planes, size_t count);

}  // namespace dicom
