#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "CDicom.h"
#include "fault.h"
#include "file.h"
#include "layout.h"

namespace {

using dicom::Fault;

/// Runs `body`; what it throws becomes a status and a sentence.
template <typename Body>
int guarded(char *error, size_t errorSize, Body body) noexcept {
  auto say = [&](int status, const char *sentence) {
    if (error && errorSize > 0) snprintf(error, errorSize, "%s", sentence);
    return status;
  };
  try {
    body();
    return CIMAGE_OK;
  } catch (const Fault &fault) {
    return say(fault.status, fault.what());
  } catch (const std::bad_alloc &) {
    return say(CIMAGE_OUT_OF_MEMORY, "no memory to read it");
  } catch (const std::exception &other) {
    return say(CIMAGE_CORRUPT, other.what());
  } catch (...) {
    return say(CIMAGE_CORRUPT, "it cannot be read as DICOM");
  }
}

struct Free {
  void operator()(uint8_t *memory) const { std::free(memory); }
};
using Pixels = std::unique_ptr<uint8_t, Free>;

Pixels pixels(size_t count) {
  Pixels memory(static_cast<uint8_t *>(std::malloc(count)));
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

int cdicom_is_dicom(const uint8_t *bytes, size_t size) { return dicom::begins(bytes, size); }

int cdicom_read_header(const uint8_t *bytes, size_t size, cimage_header *header, char *error, size_t error_size) {
  return guarded(error, error_size, [&] {
    dicom::File file(bytes, size);
    header->format = 0;
    header->width = int32_t(file.width());
    header->height = int32_t(file.height());
    header->channels = file.channels();
  });
}

int cdicom_decode(const uint8_t *bytes, size_t size, int32_t channels, cimage_picture *picture, char *error,
                  size_t error_size) {
  memset(picture, 0, sizeof *picture);
  return guarded(error, error_size, [&] {
    if (channels != 0 && channels != 1 && channels != 3) {
      throw Fault(CIMAGE_BAD_ARGUMENT, "%d channels asked for; 1 or 3 are possible", channels);
    }
    dicom::File file(bytes, size);
    dicom::Frame frame = file.frame();
    int own = file.channels(), wanted = channels == 0 ? own : channels;
    size_t count = frame.count();
    Pixels shown = pixels(count * size_t(own > wanted ? own : wanted));
    if (own == 1) {
      dicom::showGrey(frame, file.display(), shown.get());
      for (int c = 1; c < wanted; c++) memcpy(shown.get() + size_t(c) * count, shown.get(), count);
    } else {
      dicom::Lookup palette[3];
      if (file.hasPalette()) file.readPalette(palette);
      dicom::showColour(frame, file.hasPalette() ? palette : nullptr, shown.get());
      if (wanted == 1) {
        uint8_t *planes = shown.get();
        for (size_t i = 0; i < count; i++) {
          uint32_t luma = 19595u * planes[i] + 38470u * planes[count + i] + 7471u * planes[2 * count + i] + 32768u;
          planes[i] = uint8_t(luma >> 16);
        }
      }
    }
    picture->width = int32_t(file.width());
    picture->height = int32_t(file.height());
    picture->channels = wanted;
    picture->pixels = shown.release();
  });
}
