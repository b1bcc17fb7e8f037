#include "runLengths.h"

#include "fault.h"

namespace dicom {

namespace {

constexpr size_t headerSize = 64;

/// One segment: every `step`th byte from `to` on, `count` in all. Whether there were as many.
bool unpack(const uint8_t *from, size_t size, uint8_t *to, size_t count, size_t step) {
  size_t done = 0, at = 0;
  while (done < count && at < size) {
    uint8_t control = from[at++];
    if (control == 128) continue;
    size_t run = control < 128 ? control + size_t(1) : 257 - size_t(control);
    if (run > count - done) run = count - done;
    if (control < 128) {
      if (run > size - at) return false;
      for (size_t i = 0; i < run; i++) to[(done + i) * step] = from[at + i];
      at += control + size_t(1);
    } else {
      if (at == size) return false;
      for (size_t i = 0; i < run; i++) to[(done + i) * step] = from[at];
      at++;
    }
    done += run;
  }
  return done == count;
}

}  // namespace

void decodeRunLengths(const uint8_t *bytes, size_t size, Frame &frame) {
  size_t width = size_t(frame.allocated) / 8, segments = width * size_t(frame.samples);
  auto number = [&](size_t index) {
    const uint8_t *at = bytes + 4 * index;
    return size_t(at[0]) | size_t(at[1]) << 8 | size_t(at[2]) << 16 | size_t(at[3]) << 24;
  };
  if (size < headerSize) throw Fault(CIMAGE_TRUNCATED, "its run lengths end after %zu bytes", size);
  if (number(0) != segments) {
    throw Fault(CIMAGE_CORRUPT, "its run lengths have %zu segments where its header asks for %zu", number(0), segments);
  }
  frame.memory.resize(frame.count() * segments);
  for (size_t segment = 0; segment < segments; segment++) {
    size_t begin = number(segment + 1), end = segment + 1 < segments ? number(segment + 2) : size;
    if (begin < headerSize || begin > end || end > size) {
      throw Fault(CIMAGE_TRUNCATED, "the offsets of its run lengths pass the end of the frame");
    }
    // A sample's segments come high byte first.
    size_t sample = segment / width, byte = width - 1 - segment % width;
    uint8_t *to = frame.memory.data() + sample * width + byte;
    if (!unpack(bytes + begin, end - begin, to, frame.count(), segments)) {
      throw Fault(CIMAGE_TRUNCATED, "segment %zu of its run lengths ends early", segment + 1);
    }
  }
  frame.data = frame.memory.data();
  frame.byPlane = false;
}

}  // namespace dicom
