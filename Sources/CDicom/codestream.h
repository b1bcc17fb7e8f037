#pragma once

#include <cstddef>
#include <cstdint>

namespace dicom {

/// Throws a `Fault` for a JPEG stream that DCMTK 3.6.7 is not to be given: at a TEM marker before the frame's header it
/// looks for the end for ever, and a Huffman code for 16 bits of a lossy process makes it read past a table.
///
/// `isWhole`: the stream is all here; of JPEG-LS its end marker is then asked for, as CharLS reads a byte too many where
/// there is none.
void checkCodestream(const uint8_t *bytes, size_t size, bool isWhole);

}  // namespace dicom
