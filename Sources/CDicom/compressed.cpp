#include "compressed.h"

#include <memory>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include "CDicom.h"
#include "codestream.h"
#include "fault.h"
#include "jpegLS.h"

namespace dicom {

namespace {

using Bytes = std::pair<const uint8_t *, size_t>;

/// A fragment's bytes; the first item is a table of offsets, no fragment.
Bytes fragment(DcmPixelSequence *fragments, unsigned long index) {
  DcmPixelItem *item = nullptr;
  Uint8 *content = nullptr;
  if (fragments->getItem(item, index).bad() || !item || item->getUint8Array(content).bad() || !content) {
    throw Fault(CIMAGE_TRUNCATED, "fragment %lu of its pixels is missing", index);
  }
  return {content, item->getLength()};
}

/// All fragments as one.
std::vector<uint8_t> joined(DcmPixelSequence *fragments) {
  std::vector<uint8_t> stream;
  for (unsigned long index = 1; index < fragments->card(); index++) {
    auto [content, size] = fragment(fragments, index);
    stream.insert(stream.end(), content, content + size);
  }
  return stream;
}

/// A table without offsets, and one fragment.
std::unique_ptr<DcmPixelSequence> sequence(const uint8_t *stream, size_t size) {
  auto whole = std::make_unique<DcmPixelSequence>(DCM_PixelSequenceTag);
  auto table = std::make_unique<DcmPixelItem>(DCM_PixelItemTag), item = std::make_unique<DcmPixelItem>(DCM_PixelItemTag);
  if (size > 0xFFFFFFF0) throw Fault(CIMAGE_TOO_LARGE, "its compressed frame takes more than 4 GiB");
  if (item->putUint8Array(stream, static_cast<unsigned long>(size)).bad() || whole->insert(table.get()).bad()) {
    throw std::bad_alloc();
  }
  table.release();
  if (whole->insert(item.get()).bad()) throw std::bad_alloc();
  item.release();
  return whole;
}

void decodeJPEG(DcmPixelSequence *fragments, const DcmXfer &syntax, DcmItem *dataset, Frame &frame) {
  Uint32 size = 0, first = 1;
  if (fragments->getUncompressedFrameSize(dataset, size).bad() || size == 0 || size > CDICOM_MOST_FRAME_BYTES) {
    throw Fault(CIMAGE_CORRUPT, "its frame has no size");
  }
  size_t needed = frame.count() * size_t(frame.samples) * size_t(frame.allocated / 8);
  if (needed > size) size = Uint32(needed);
  size += size & 1;
  frame.memory.resize(size);
  OFString colours;
  OFCondition decoded =
      DcmCodecList::decodeFrame(syntax, nullptr, fragments, dataset, 0, first, frame.memory.data(), size, colours);
  if (decoded.bad()) throw Fault(CIMAGE_TRUNCATED, "%s", decoded.text());
  frame.data = frame.memory.data();
  frame.colours = colours.c_str();
  frame.byPlane = false;
}

}  // namespace

void decodeCompressed(DcmPixelSequence *fragments, const DcmXfer &syntax, DcmItem *dataset, Frame &frame) {
  bool isJPEGLS = syntax.getXfer() == EXS_JPEGLSLossless || syntax.getXfer() == EXS_JPEGLSLossy;
  if (!isJPEGLS && !DcmCodecList::canChangeCoding(syntax.getXfer(), EXS_LittleEndianExplicit)) {
    throw Fault(CIMAGE_CORRUPT, "it is DICOM in the transfer syntax %s, which is not read", syntax.getXferName());
  }
  auto [stream, size] = fragment(fragments, 1);
  bool isAlone = fragments->card() == 2;
  bool ends = isJPEGLS ? endsAsJPEGLS(stream, size) : checkJPEG(stream, size);
  std::vector<uint8_t> all;
  if (!ends && !isAlone) {
    all = joined(fragments);
    stream = all.data(), size = all.size();
    if (!isJPEGLS) checkJPEG(stream, size);
  }
  if (isJPEGLS) {
    decodeJPEGLS(stream, size, frame);
  } else {
    auto whole = isAlone ? nullptr : sequence(stream, size);
    decodeJPEG(isAlone ? fragments : whole.get(), syntax, dataset, frame);
  }
}

}  // namespace dicom
