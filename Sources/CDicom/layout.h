#pragma once

#include <cstddef>
#include <cstdint>

namespace dicom {

/// Whether the bytes begin as a DICOM file does.
bool begins(const uint8_t *bytes, size_t size);

/// Walks over the elements before the pixels, without reading them, and throws a `Fault` for what DCMTK should not be
/// given: sequences nested so deep that its recursion would pass the end of a thread's stack, values longer than the file,
/// for which it would take the memory, and a deflated data set, whose size nothing bounds.
void checkLayout(const uint8_t *bytes, size_t size);

}  // namespace dicom
