#pragma once

#include <memory>

#include "frame.h"

class DcmFileFormat;
class DcmItem;

namespace dicom {

/// A DICOM file, read whole into DCMTK's data set. Every function throws a `Fault`.
class File {
 public:
  File(const uint8_t *bytes, size_t size);
  ~File();

  uint32_t width() const { return outline_.width; }
  uint32_t height() const { return outline_.height; }
  /// 1 for grey, else 3.
  int channels() const;

  /// The first frame. It lies in the data set where that has it without compression.
  Frame frame() const;
  Display display() const;
  bool hasPalette() const { return outline_.colours == "PALETTE COLOR"; }
  /// Red, green, blue.
  void readPalette(Lookup *palette) const;

 private:
  void readOutline();
  /// The item that describes a property of the first frame: the data set itself or, of newer objects, an item of the
  /// frame's or the shared functional groups.
  DcmItem *holder(uint16_t group, uint16_t element, uint16_t macroGroup, uint16_t macroElement) const;

  std::unique_ptr<DcmFileFormat> file_;
  DcmItem *dataset_ = nullptr;
  Frame outline_;
};

}  // namespace dicom
