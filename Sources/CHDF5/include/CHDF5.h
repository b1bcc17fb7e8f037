#ifndef GRAFT_CHDF5_H
#define GRAFT_CHDF5_H

#include <stddef.h>
#include <stdint.h>

/* Arrays in HDF5 files, read by rows. Calls must come from one thread at a time. Every call that can fail returns a status
   and writes a sentence to the caller's buffer; nothing is printed. */

enum {
  CHDF5_OK = 0,
  /* No HDF5 file, or one that cannot be opened. */
  CHDF5_NO_FILE = 1,
  /* The file has no such array; the sentence lists what it has. */
  CHDF5_NO_ARRAY = 2,
  /* The array is stored in a way that is not read: other files, unknown filters, more than 8 axes, chunks beyond 1 GiB. */
  CHDF5_UNSUPPORTED = 3,
  /* Its bytes cannot be read: the file is truncated or damaged. */
  CHDF5_DAMAGED = 4,
  CHDF5_OUT_OF_MEMORY = 5,
};

enum {
  CHDF5_UNSIGNED_8 = 0,
  /* Whole numbers of any other kind. */
  CHDF5_INTEGER = 1,
  CHDF5_OTHER = 2,
};

#define CHDF5_MOST_AXES 8

typedef struct chdf5_array chdf5_array;

typedef struct {
  int32_t axes;
  int32_t elements;
  int64_t shape[CHDF5_MOST_AXES];
} chdf5_description;

int chdf5_open(const char *path, const char *name, chdf5_array **array, chdf5_description *description, char *error,
               size_t error_size);
void chdf5_close(chdf5_array *array);

/* Whole rows of the first axis, dense, as 8-bit numbers (of an array of these) or as 64-bit ones (of any whole numbers). */
int chdf5_read_bytes(chdf5_array *array, int64_t first, int64_t rows, uint8_t *out, char *error, size_t error_size);
int chdf5_read_integers(chdf5_array *array, int64_t first, int64_t rows, int64_t *out, char *error, size_t error_size);

#endif
