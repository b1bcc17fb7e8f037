#include "jpegLS.h"

#include <algorithm>

#include "fault.h"
#include "jpegLSScan.h"

namespace dicom {

namespace {

/// The stream's parts: markers and what they hold.
class Stream {
 public:
  Stream(const uint8_t *bytes, size_t size) : at_(bytes), end_(bytes + size) {}

  /// The next marker; what stands before it is passed over.
  int marker() {
    at_ = nextMarker();
    if (end_ - at_ < 2) throw Fault(CIMAGE_TRUNCATED, "its JPEG-LS stream has no end");
    at_ += 2;
    return at_[-1];
  }

  /// What a marker holds.
  std::pair<const uint8_t *, size_t> segment() {
    size_t left = size_t(end_ - at_), length = left < 2 ? 0 : size_t(at_[0]) << 8 | at_[1];
    if (length < 2 || length > left) throw Fault(CIMAGE_TRUNCATED, "its JPEG-LS stream ends early");
    at_ += length;
    return {at_ - length + 2, length - 2};
  }

  /// Where coded data begin and end.
  const uint8_t *here() const { return at_; }
  /// Within coded data a byte below 80 follows FF.
  const uint8_t *nextMarker() const {
    const uint8_t *next = at_;
    while (end_ - next >= 2 && (next[0] != 0xFF || next[1] < 0x80 || next[1] == 0xFF)) next++;
    return end_ - next >= 2 ? next : end_;
  }

 private:
  const uint8_t *at_, *end_;
};

/// What the headers say.
struct Header {
  int bits = 0;
  std::vector<int> components;
  /// Zeros stand for defaults.
  int64_t maxval = 0, thresholds[3] = {0, 0, 0}, reset = 0;
};

Fault unread(const char *what) { return Fault(CIMAGE_CORRUPT, "its JPEG-LS stream has %s, which is not read", what); }
Fault damaged(const char *what) { return Fault(CIMAGE_TRUNCATED, "its JPEG-LS stream's %s is damaged", what); }

int64_t word(const uint8_t *bytes) { return int64_t(bytes[0]) << 8 | bytes[1]; }

void readFrame(const uint8_t *bytes, size_t size, const Frame &frame, Header &header) {
  if (size < 6 || size != 6 + size_t(3) * bytes[5] || !header.components.empty()) throw damaged("frame header");
  header.bits = bytes[0];
  if (word(bytes + 1) != frame.height || word(bytes + 3) != frame.width || bytes[5] != frame.samples) {
    throw Fault(CIMAGE_CORRUPT, "its JPEG-LS stream has %d x %d pixels of %d samples, not %u x %u of %d",
                int(word(bytes + 3)), int(word(bytes + 1)), bytes[5], frame.width, frame.height, frame.samples);
  }
  if (header.bits < 2 || header.bits > frame.allocated) {
    throw Fault(CIMAGE_CORRUPT, "its JPEG-LS stream has %d bits a sample, where %d are allocated", header.bits,
                frame.allocated);
  }
  for (size_t i = 6; i < size; i += 3) {
    if (bytes[i + 1] != 0x11) throw unread("components of several sizes");
    header.components.push_back(bytes[i]);
  }
}

void readPresets(const uint8_t *bytes, size_t size, Header &header) {
  if (size < 1) throw damaged("parameters");
  if (bytes[0] != 1) throw unread(bytes[0] <= 3 ? "a palette" : "parameters of an extension");
  if (size != 11) throw damaged("parameters");
  header.maxval = word(bytes + 1);
  for (int i = 0; i < 3; i++) header.thresholds[i] = word(bytes + 3 + 2 * i);
  header.reset = word(bytes + 9);
}

/// T.87 C.2.4.1.1: 0 stands for a default, and what is given rises.
JPEGLSCoding coding(const Header &header, int near) {
  JPEGLSCoding coding;
  int64_t most = (int64_t(1) << header.bits) - 1;
  coding.maxval = header.maxval == 0 ? most : header.maxval;
  coding.near = near;
  if (coding.maxval > most || near > std::min<int64_t>(255, coding.maxval / 2)) throw damaged("coding");
  coding.setDefaultThresholds();
  int64_t *thresholds[3] = {&coding.t1, &coding.t2, &coding.t3};
  int64_t least = near + 1;
  for (int i = 0; i < 3; i++) {
    if (header.thresholds[i] != 0) *thresholds[i] = header.thresholds[i];
    if (*thresholds[i] < least || *thresholds[i] > coding.maxval) throw damaged("coding");
    least = *thresholds[i];
  }
  if (header.reset != 0) coding.reset = header.reset;
  if (coding.reset < 3 || coding.reset > std::max<int64_t>(255, coding.maxval)) throw damaged("coding");
  return coding;
}

/// Decodes the scan whose header was met into further planes.
void readScan(Stream &stream, const Header &header, const Frame &frame, std::vector<std::vector<uint16_t>> &planes) {
  auto [bytes, size] = stream.segment();
  size_t count = size > 0 ? bytes[0] : 0, done = planes.size();
  if (count < 1 || size != 4 + 2 * count || done + count > header.components.size()) throw damaged("scan header");
  for (size_t i = 0; i < count; i++) {
    // Their order is that of the frame.
    if (bytes[1 + 2 * i] != header.components[done + i]) throw damaged("scan header");
    if (bytes[2 + 2 * i] != 0) throw unread("a palette");
  }
  int near = bytes[1 + 2 * count], interleaving = bytes[2 + 2 * count];
  if (interleaving > 2 || (interleaving == 0) != (count == 1)) throw damaged("scan header");
  if (bytes[3 + 2 * count] != 0) throw unread("a point transformation");
  planes.resize(done + count, std::vector<uint16_t>(frame.count()));
  decodeJPEGLSScan(stream.here(), stream.nextMarker(), coding(header, near), frame.width, frame.height,
                   interleaving == 2, &planes[done], count);
}

}  // namespace

void decodeJPEGLS(const uint8_t *bytes, size_t size, Frame &frame) {
  Stream stream(bytes, size);
  Header header;
  std::vector<std::vector<uint16_t>> planes;
  if (stream.marker() != 0xD8) throw damaged("beginning");
  size_t components = size_t(frame.samples);
  while (planes.size() < components) {
    int marker = stream.marker();
    if (marker == 0xDA) {
      if (header.components.empty()) throw damaged("frame header");
      readScan(stream, header, frame, planes);
      continue;
    }
    if (marker == 0xD9) throw Fault(CIMAGE_TRUNCATED, "its JPEG-LS stream ends early");
    if (marker >= 0xD0 && marker <= 0xD8) throw damaged("order of markers");
    auto [content, length] = stream.segment();
    if (marker == 0xF7) readFrame(content, length, frame, header);
    if (marker == 0xF8) readPresets(content, length, header);
    if (marker == 0xDD && std::any_of(content, content + length, [](uint8_t byte) { return byte != 0; })) {
      throw unread("restart intervals");
    }
    bool isTransform = marker == 0xE8 && length >= 5 && std::equal(content, content + 4, "mrfx");
    if (isTransform && content[4] != 0) throw unread("a colour transformation of its own");
    if (marker >= 0xC0 && marker <= 0xCF) throw unread("another process than JPEG-LS");
  }
  if (stream.marker() != 0xD9) throw Fault(CIMAGE_TRUNCATED, "its JPEG-LS stream has no end");
  size_t width = size_t(frame.allocated / 8);
  frame.memory.resize(frame.count() * components * width);
  uint8_t *to = frame.memory.data();
  for (size_t i = 0; i < frame.count(); i++) {
    for (size_t c = 0; c < components; c++) {
      *to++ = uint8_t(planes[c][i]);
      if (width == 2) *to++ = uint8_t(planes[c][i] >> 8);
    }
  }
  frame.data = frame.memory.data();
  frame.byPlane = false;
}

}  // namespace dicom
