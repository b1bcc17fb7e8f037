#include "CHDF5.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chdf5_array {
  hid_t file, dataset, space;
  int axes;
  hsize_t shape[CHDF5_MOST_AXES];
};

static int fail(int status, char *error, size_t size, const char *text) {
  if (error && size > 0) snprintf(error, size, "%s", text);
  return status;
}

/* What a file's first level holds, for the message. */
typedef struct {
  char *text;
  size_t room;
} listing;

static herr_t list_name(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  (void)group;
  (void)info;
  listing *list = context;
  const int wrote = snprintf(list->text, list->room, " %.40s", name);
  if (wrote < 0 || (size_t)wrote >= list->room) return 1;
  list->text += wrote;
  list->room -= (size_t)wrote;
  return 0;
}

static int describe(chdf5_array *array, chdf5_description *description, char *error, size_t error_size) {
  const hid_t type = H5Dget_type(array->dataset);
  if (type < 0) return fail(CHDF5_DAMAGED, error, error_size, "the array's type cannot be read");
  description->elements = CHDF5_OTHER;
  if (H5Tget_class(type) == H5T_INTEGER)
    description->elements =
        H5Tget_size(type) == 1 && H5Tget_sign(type) == H5T_SGN_NONE ? CHDF5_UNSIGNED_8 : CHDF5_INTEGER;
  H5Tclose(type);
  array->space = H5Dget_space(array->dataset);
  if (array->space < 0) return fail(CHDF5_DAMAGED, error, error_size, "the array's shape cannot be read");
  array->axes = H5Sget_simple_extent_ndims(array->space);
  if (array->axes < 1 || array->axes > CHDF5_MOST_AXES)
    return fail(CHDF5_UNSUPPORTED, error, error_size, "it is no array of 1 to 8 axes");
  if (H5Sget_simple_extent_dims(array->space, array->shape, NULL) < 0)
    return fail(CHDF5_DAMAGED, error, error_size, "the array's shape cannot be read");
  description->axes = array->axes;
  for (int i = 0; i < array->axes; i++) {
    if (array->shape[i] > (hsize_t)INT32_MAX * 64)
      return fail(CHDF5_UNSUPPORTED, error, error_size, "one of its axes is longer than any data set's");
    description->shape[i] = (int64_t)array->shape[i];
  }
  return CHDF5_OK;
}

/* Refuses what would read other files or needs a filter that is not there; the bytes of a chunk, or 0. */
static int check_storage(hid_t dataset, size_t *chunk, char *error, size_t error_size) {
  *chunk = 0;
  const hid_t properties = H5Dget_create_plist(dataset);
  if (properties < 0) return fail(CHDF5_DAMAGED, error, error_size, "how the array is stored cannot be read");
  int status = CHDF5_OK;
  const H5D_layout_t layout = H5Pget_layout(properties);
  if (H5Pget_external_count(properties) > 0 || layout == H5D_VIRTUAL) {
    status = fail(CHDF5_UNSUPPORTED, error, error_size, "its numbers lie in other files, which is not read");
  } else if (layout == H5D_CHUNKED) {
    const int filters = H5Pget_nfilters(properties);
    for (int i = 0; i < filters && status == CHDF5_OK; i++) {
      unsigned flags = 0, configuration = 0;
      size_t count = 0;
      const H5Z_filter_t filter = H5Pget_filter2(properties, (unsigned)i, &flags, &count, NULL, 0, NULL, &configuration);
      if (H5Zfilter_avail(filter) > 0) continue;
      char text[128];
      snprintf(text, sizeof text, "it is compressed by filter %d, which is not read; write it with gzip", (int)filter);
      status = fail(CHDF5_UNSUPPORTED, error, error_size, text);
    }
    hsize_t sides[CHDF5_MOST_AXES];
    const int axes = H5Pget_chunk(properties, CHDF5_MOST_AXES, sides);
    const hid_t type = H5Dget_type(dataset);
    double bytes = type < 0 ? 1 : (double)H5Tget_size(type);
    if (type >= 0) H5Tclose(type);
    for (int i = 0; i < axes; i++) bytes *= (double)sides[i];
    if (status == CHDF5_OK && bytes > 1024.0 * 1024 * 1024)
      status = fail(CHDF5_UNSUPPORTED, error, error_size, "its chunks are larger than 1 GiB; write it with smaller ones");
    *chunk = (size_t)bytes;
  }
  H5Pclose(properties);
  return status;
}

static int open_dataset(chdf5_array *array, const char *name, char *error, size_t error_size) {
  array->dataset = H5Dopen2(array->file, name, H5P_DEFAULT);
  if (array->dataset < 0) {
    char text[400] = "", *start = text;
    listing list = {text, sizeof text};
    H5Literate(array->file, H5_INDEX_NAME, H5_ITER_INC, NULL, list_name, &list);
    char whole[480];
    snprintf(whole, sizeof whole, "it has no array \"%.60s\"; it has:%s", name, *start ? start : " nothing");
    return fail(CHDF5_NO_ARRAY, error, error_size, whole);
  }
  size_t chunk = 0;
  const int status = check_storage(array->dataset, &chunk, error, error_size);
  if (status != CHDF5_OK || chunk <= 1024 * 1024 / 2) return status;
  /* Rows are read in order, a few at a time: without room for a whole chunk each read would decompress it anew. */
  H5Dclose(array->dataset);
  const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  H5Pset_chunk_cache(access, 521, 2 * chunk, 1.0);
  array->dataset = H5Dopen2(array->file, name, access);
  H5Pclose(access);
  return array->dataset < 0 ? fail(CHDF5_DAMAGED, error, error_size, "the array cannot be opened") : CHDF5_OK;
}

int chdf5_open(const char *path, const char *name, chdf5_array **out, chdf5_description *description, char *error,
               size_t error_size) {
  *out = NULL;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  /* A file must not choose code that is loaded. */
  H5PLset_loading_state(0);
  chdf5_array *array = calloc(1, sizeof *array);
  if (!array) return fail(CHDF5_OUT_OF_MEMORY, error, error_size, "no memory left");
  array->dataset = array->space = H5I_INVALID_HID;
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  /* Where a file system knows no locks, reading needs none. */
  H5Pset_file_locking(access, 0, 1);
  array->file = H5Fopen(path, H5F_ACC_RDONLY, access);
  H5Pclose(access);
  int status = CHDF5_OK;
  if (array->file < 0)
    status = fail(CHDF5_NO_FILE, error, error_size, "it is no HDF5 file, or is truncated");
  if (status == CHDF5_OK) status = open_dataset(array, name, error, error_size);
  if (status == CHDF5_OK) status = describe(array, description, error, error_size);
  if (status != CHDF5_OK) {
    chdf5_close(array);
    return status;
  }
  *out = array;
  return CHDF5_OK;
}

void chdf5_close(chdf5_array *array) {
  if (!array) return;
  if (array->space >= 0) H5Sclose(array->space);
  if (array->dataset >= 0) H5Dclose(array->dataset);
  if (array->file >= 0) H5Fclose(array->file);
  free(array);
}

static int read_rows(chdf5_array *array, int64_t first, int64_t rows, hid_t type, void *out, char *error,
                     size_t error_size) {
  hsize_t start[CHDF5_MOST_AXES] = {0}, count[CHDF5_MOST_AXES];
  memcpy(count, array->shape, sizeof count);
  start[0] = (hsize_t)first;
  count[0] = (hsize_t)rows;
  const hid_t memory = H5Screate_simple(array->axes, count, NULL);
  int status = CHDF5_OK;
  if (memory < 0 || H5Sselect_hyperslab(array->space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
      H5Dread(array->dataset, type, memory, array->space, H5P_DEFAULT, out) < 0) {
    char text[160];
    snprintf(text, sizeof text, "its rows %lld to %lld cannot be read: the file is truncated or damaged",
             (long long)first, (long long)(first + rows - 1));
    status = fail(CHDF5_DAMAGED, error, error_size, text);
  }
  if (memory >= 0) H5Sclose(memory);
  return status;
}

int chdf5_read_bytes(chdf5_array *array, int64_t first, int64_t rows, uint8_t *out, char *error, size_t error_size) {
  return read_rows(array, first, rows, H5T_NATIVE_UINT8, out, error, error_size);
}

int chdf5_read_integers(chdf5_array *array, int64_t first, int64_t rows, int64_t *out, char *error, size_t error_size) {
  return read_rows(array, first, rows, H5T_NATIVE_INT64, out, error, error_size);
}
