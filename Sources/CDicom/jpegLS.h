#pragma once

#include "frame.h"

namespace dicom {

/// Decodes a JPEG-LS stream (ITU-T T.87), lossless or nearly so, into `frame.memory`, pixel after pixel, low byte first.
/// The decoder that DCMTK 3.6.7 brings, CharLS 1.0, reads past its tables where the coded data are damaged.
///
/// Throws a `Fault`: for a stream that is damaged, ends early, or is of another size than the frame; for one with restart
/// intervals, palettes or a colour transformation of its own, which are not read.
void decodeJPEGLS(const uint8_t *bytes, size_t size, Frame &frame);

}  // namespace dicom
