// The message digests of the system's libcrypto.
#include <openssl/crypto.h>
#include <openssl/evp.h>
