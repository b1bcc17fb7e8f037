#pragma once

#include <cstdarg>
#include <cstdio>
#include <exception>
#include <string>

#include "CDicom.h"

namespace dicom {

/// Why a file gives no picture; never leaves this target.
struct Fault : std::exception {
  int status;
  std::string sentence;

  __attribute__((format(printf, 3, 4))) Fault(int status, const char *format, ...) : status(status) {
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    sentence = text;
  }

  const char *what() const noexcept override { return sentence.c_str(); }
};

}  // namespace dicom
