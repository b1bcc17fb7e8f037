#pragma once

#include <cstddef>
#include <cstdint>

namespace dicom {

/// Throws a `Fault` unless the markers of a JPEG stream before its frame's header are such as DCMTK 3.6.7 gets past: at a
/// TEM marker it looks for the end for ever.
void checkCodestream(const uint8_t *bytes, size_t size);

}  // namespace dicom
