#include "file.h"

#include <cmath>
#include <mutex>

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include "compressed.h"
#include "fault.h"
#include "layout.h"
#include "runLengths.h"

namespace dicom {

namespace {

/// DCMTK says nothing on its own, and its decoders put colours pixel after pixel.
void begin() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    dcmDataDict.rdlock();
    dcmDataDict.rdunlock();
    DJDecoderRegistration::registerCodecs(EDC_photometricInterpretation, EUC_never, EPC_colorByPixel);
  });
}

std::string text(DcmItem *item, const DcmTagKey &tag) {
  OFString value;
  if (item->findAndGetOFString(tag, value).bad()) return "";
  std::string result(value.c_str());
  while (!result.empty() && (result.back() == ' ' || result.back() == '\0')) result.pop_back();
  // It may be shown.
  for (char &character : result) {
    if (character < 0x20 || character > 0x7E) character = '?';
  }
  return result;
}

int number(DcmItem *item, const DcmTagKey &tag, int missing) {
  Uint16 value = 0;
  return item->findAndGetUint16(tag, value).good() ? value : missing;
}

/// A table of the file; empty where it has none.
Lookup lookup(DcmItem *item, const DcmTagKey &descriptor, const DcmTagKey &data, bool isSigned) {
  Lookup table;
  DcmElement *shape = nullptr;
  if (item->findAndGetElement(descriptor, shape).bad()) return table;
  // Its first value may be written as signed or unsigned; the bits are the same.
  long parts[3] = {0, 0, 16};
  for (unsigned long i = 0; i < 3; i++) {
    Uint16 part = 0;
    Sint16 negative = 0;
    if (shape->getUint16(part, i).good()) {
      parts[i] = part;
    } else if (shape->getSint16(negative, i).good()) {
      parts[i] = Uint16(negative);
    }
  }
  size_t count = parts[0] == 0 ? 65536 : size_t(parts[0]);
  table.first = isSigned ? int32_t(Sint16(parts[1])) : int32_t(parts[1]);
  table.bits = int(parts[2]);
  DcmElement *content = nullptr;
  Uint16 *words = nullptr;
  if (table.bits < 1 || table.bits > 16 || item->findAndGetElement(data, content).bad() ||
      content->getUint16Array(words).bad() || !words) {
    throw Fault(CIMAGE_CORRUPT, "it has a lookup table that cannot be read");
  }
  size_t there = content->getLength() / 2;
  if (there >= count) {
    table.entries.assign(words, words + count);
  } else if (table.bits <= 8 && there >= (count + 1) / 2) {
    // Two entries a word.
    for (size_t i = 0; i < count; i++) table.entries.push_back(words[i / 2] >> (i % 2 * 8) & 0xFF);
  } else {
    throw Fault(CIMAGE_TRUNCATED, "its lookup table has %zu of %zu entries", there, count);
  }
  return table;
}

}  // namespace

File::File(const uint8_t *bytes, size_t size) {
  checkLayout(bytes, size);
  begin();
  file_ = std::make_unique<DcmFileFormat>();
  DcmInputBufferStream stream;
  stream.setBuffer(bytes, offile_off_t(size));
  stream.setEos();
  file_->transferInit();
  OFCondition read = file_->read(stream);
  file_->transferEnd();
  if (read == EC_MemoryExhausted) throw Fault(CIMAGE_TRUNCATED, "one of its elements is longer than the file");
  if (read.bad()) {
    bool endsEarly = read == EC_StreamNotifyClient || read == EC_EndOfStream || read == EC_InvalidStream;
    throw Fault(CIMAGE_TRUNCATED, "%s", endsEarly ? "the file ends early" : read.text());
  }
  dataset_ = file_->getDataset();
  if (!dataset_) throw Fault(CIMAGE_CORRUPT, "it is DICOM without a data set");
  readOutline();
}

File::~File() = default;

void File::readOutline() {
  if (!dataset_->tagExists(DCM_PixelData)) {
    if (dataset_->tagExists(DCM_Rows)) throw Fault(CIMAGE_TRUNCATED, "its pixels are missing");
    throw Fault(CIMAGE_CORRUPT, "it is DICOM without an image");
  }
  Frame &outline = outline_;
  outline.width = uint32_t(number(dataset_, DCM_Columns, 0));
  outline.height = uint32_t(number(dataset_, DCM_Rows, 0));
  outline.samples = number(dataset_, DCM_SamplesPerPixel, 1);
  outline.allocated = number(dataset_, DCM_BitsAllocated, 0);
  outline.stored = number(dataset_, DCM_BitsStored, outline.allocated);
  outline.high = number(dataset_, DCM_HighBit, outline.stored - 1);
  outline.isSigned = number(dataset_, DCM_PixelRepresentation, 0) == 1;
  outline.byPlane = number(dataset_, DCM_PlanarConfiguration, 0) == 1;
  outline.colours = text(dataset_, DCM_PhotometricInterpretation);

  if (outline.width == 0 || outline.height == 0) {
    throw Fault(CIMAGE_CORRUPT, "its header gives a size of %u x %u", outline.width, outline.height);
  }
  if (outline.width > CIMAGE_LARGEST_SIDE || outline.height > CIMAGE_LARGEST_SIDE ||
      outline.count() > CIMAGE_MOST_PIXELS) {
    throw Fault(CIMAGE_TOO_LARGE, "its header gives %u x %u pixels; at most %d on a side and %d million in all are read",
                outline.width, outline.height, CIMAGE_LARGEST_SIDE, CIMAGE_MOST_PIXELS / 1000000);
  }
  if (outline.allocated != 8 && outline.allocated != 16) {
    throw Fault(CIMAGE_CORRUPT, "it is DICOM with %d bits a sample; 8 and 16 are read", outline.allocated);
  }
  if (outline.stored < 1 || outline.stored > outline.allocated || outline.high >= outline.allocated ||
      outline.high < outline.stored - 1) {
    throw Fault(CIMAGE_CORRUPT, "it says that %d of %d bits are used, the highest being %d", outline.stored,
                outline.allocated, outline.high);
  }
  if (outline.samples != 1 && outline.samples != 3) {
    throw Fault(CIMAGE_CORRUPT, "it is DICOM with %d samples a pixel; 1 and 3 are read", outline.samples);
  }
  if (outline.count() * size_t(outline.samples) * size_t(outline.allocated / 8) > CDICOM_MOST_FRAME_BYTES) {
    throw Fault(CIMAGE_TOO_LARGE, "a frame of %u x %u pixels takes more than %d million bytes", outline.width,
                outline.height, CDICOM_MOST_FRAME_BYTES / 1000000);
  }
  const std::string &colours = outline.colours;
  bool grey = colours == "MONOCHROME1" || colours == "MONOCHROME2" || colours == "PALETTE COLOR";
  bool colour = colours == "RGB" || colours == "YBR_FULL" || colours == "YBR_FULL_422";
  if (!(outline.samples == 1 ? grey : colour)) {
    throw Fault(CIMAGE_CORRUPT, "it is DICOM with %d samples a pixel in the colours '%.40s', which is not read",
                outline.samples, colours.c_str());
  }
}

int File::channels() const { return outline_.samples == 3 || hasPalette() ? 3 : 1; }

Frame File::frame() const {
  Frame frame = outline_;
  DcmElement *element = nullptr;
  if (dataset_->findAndGetElement(DCM_PixelData, element).bad()) throw Fault(CIMAGE_CORRUPT, "it has no pixels");
  auto *pixels = dynamic_cast<DcmPixelData *>(element);
  DcmXfer syntax(file_->getDataset()->getOriginalXfer());
  if (!syntax.isEncapsulated()) {
    size_t needed = frame.count() * size_t(frame.samples) * size_t(frame.allocated / 8);
    if (frame.colours == "YBR_FULL_422") needed = (frame.count() + 1) / 2 * 4 * size_t(frame.allocated / 8);
    Uint8 *bytes = nullptr;
    Uint16 *words = nullptr;
    if (element->getUint8Array(bytes).good() && bytes) {
      frame.data = bytes;
    } else if (element->getUint16Array(words).good() && words) {
      frame.data = reinterpret_cast<const uint8_t *>(words);
    }
    if (!frame.data || element->getLength() < needed) {
      throw Fault(CIMAGE_TRUNCATED, "it holds %lu of its frame's %zu bytes",
                  frame.data ? static_cast<unsigned long>(element->getLength()) : 0ul, needed);
    }
    return frame;
  }
  if (!pixels) throw Fault(CIMAGE_CORRUPT, "its pixels cannot be read");
  DcmPixelSequence *fragments = nullptr;
  DcmPixelItem *first = nullptr;
  Uint8 *stream = nullptr;
  if (pixels->getEncapsulatedRepresentation(syntax.getXfer(), nullptr, fragments).bad() || !fragments ||
      fragments->getItem(first, 1).bad() || !first || first->getUint8Array(stream).bad() || !stream) {
    throw Fault(CIMAGE_TRUNCATED, "the first frame of its pixels is missing");
  }
  if (syntax.getXfer() == EXS_RLELossless) {
    decodeRunLengths(stream, first->getLength(), frame);
    return frame;
  }
  decodeCompressed(fragments, syntax, dataset_, frame);
  return frame;
}

DcmItem *File::holder(uint16_t group, uint16_t element, uint16_t macroGroup, uint16_t macroElement) const {
  DcmTagKey tag(group, element);
  if (dataset_->tagExistsWithValue(tag)) return dataset_;
  for (const DcmTagKey &groups : {DCM_PerFrameFunctionalGroupsSequence, DCM_SharedFunctionalGroupsSequence}) {
    DcmItem *frame = nullptr, *macro = nullptr;
    if (dataset_->findAndGetSequenceItem(groups, frame, 0).good() && frame &&
        frame->findAndGetSequenceItem(DcmTagKey(macroGroup, macroElement), macro, 0).good() && macro &&
        macro->tagExistsWithValue(tag)) {
      return macro;
    }
  }
  return nullptr;
}

Display File::display() const {
  Display display;
  display.isInverted = outline_.colours == "MONOCHROME1";
  DcmItem *table = nullptr;
  if (DcmItem *item = holder(0x0028, 0x1053, 0x0028, 0x9145)) {
    Float64 slope = 1, intercept = 0;
    item->findAndGetFloat64(DCM_RescaleSlope, slope);
    item->findAndGetFloat64(DCM_RescaleIntercept, intercept);
    if (std::isfinite(slope) && std::isfinite(intercept)) display.slope = slope, display.intercept = intercept;
  } else if (dataset_->findAndGetSequenceItem(DCM_ModalityLUTSequence, table, 0).good() && table) {
    display.modality = lookup(table, DCM_LUTDescriptor, DCM_LUTData, outline_.isSigned);
  }
  if (DcmItem *item = holder(0x0028, 0x1050, 0x0028, 0x9132)) {
    Float64 centre = 0, width = 0;
    std::string function = text(item, DCM_VOILUTFunction);
    display.function = function == "SIGMOID"        ? Display::Function::sigmoid
                       : function == "LINEAR_EXACT" ? Display::Function::linearExact
                                                    : Display::Function::linear;
    bool there = item->findAndGetFloat64(DCM_WindowCenter, centre).good() &&
                 item->findAndGetFloat64(DCM_WindowWidth, width).good();
    double narrowest = display.function == Display::Function::linear ? 1 : 1e-9;
    display.hasWindow = there && std::isfinite(centre) && std::isfinite(width) && width >= narrowest;
    display.centre = centre;
    display.width = width;
  }
  if (!display.hasWindow && dataset_->findAndGetSequenceItem(DCM_VOILUTSequence, table, 0).good() && table) {
    // Its first value has the sign of what comes out of the modality's step.
    bool negative = outline_.isSigned || display.intercept < 0;
    display.voi = lookup(table, DCM_LUTDescriptor, DCM_LUTData, negative);
  }
  return display;
}

void File::readPalette(Lookup *palette) const {
  const DcmTagKey descriptors[] = {DCM_RedPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableDescriptor,
                                   DCM_BluePaletteColorLookupTableDescriptor};
  const DcmTagKey contents[] = {DCM_RedPaletteColorLookupTableData, DCM_GreenPaletteColorLookupTableData,
                                DCM_BluePaletteColorLookupTableData};
  for (int c = 0; c < 3; c++) {
    palette[c] = lookup(dataset_, descriptors[c], contents[c], outline_.isSigned);
    if (palette[c].isEmpty()) throw Fault(CIMAGE_CORRUPT, "it has palette colours but no palette");
  }
}

}  // namespace dicom
