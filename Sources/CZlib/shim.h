// The checksums of the system's zlib.
#include <zlib.h>
