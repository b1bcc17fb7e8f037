#pragma once

#include <cstddef>
#include <cstdint>

namespace dicom {

/// Throws a `Fault` for a JPEG stream that DCMTK 3.6.7 is not to be given: at a TEM marker before the frame's header it
/// looks for the end for ever, and a Huffman code for more bits than its process knows, 15 or, where nothing is lost,
/// 16, makes it read past a table.
///
/// Goes from marker to marker as DCMTK's decoders do, over whatever lies between. True where it found the stream's end:
/// what lies behind is never read.
bool checkJPEG(const uint8_t *bytes, size_t size);

/// Whether a JPEG-LS stream ends with its end marker, behind which a fragment is filled up with zeros.
bool endsAsJPEGLS(const uint8_t *bytes, size_t size);

}  // namespace dicom
