// The checksums and the deflate of the system's zlib.
#include <zlib.h>
