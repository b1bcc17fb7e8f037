// The message digests of the system's libcrypto.
#include <openssl/evp.h>
