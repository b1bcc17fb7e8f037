#pragma once

#include "frame.h"

class DcmItem;
class DcmPixelSequence;
class DcmXfer;

namespace dicom {

/// Decodes the first frame of JPEG or JPEG-LS fragments into the frame's memory; its colours become those of the decoder.
/// DCMTK is given a JPEG stream in one piece that was checked, whatever fragments it came in.
///
/// Throws a `Fault`.
void decodeCompressed(DcmPixelSequence *fragments, const DcmXfer &syntax, DcmItem *dataset, Frame &frame);

}  // namespace dicom
