#pragma once

#include <cstddef>
#include <cstdint>

namespace dicom {

/// Throws a `Fault` for a JPEG stream that DCMTK 3.6.7 is not to be given: at a TEM marker before the frame's header it
/// looks for the end for ever, and a Huffman code for 16 bits of a lossy process makes it read past a table.
void checkCodestream(const uint8_t *bytes, size_t size);

}  // namespace dicom
