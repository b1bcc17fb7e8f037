#pragma once

#include "frame.h"

namespace dicom {

/// Undoes DICOM's run-length coding (PS3.5 annex G) of one frame into `frame.memory`, pixel after pixel, low byte first.
/// DCMTK 3.6.7's own decoder reads past its input where the offsets of the segments lie.
void decodeRunLengths(const uint8_t *bytes, size_t size, Frame &frame);

}  // namespace dicom
