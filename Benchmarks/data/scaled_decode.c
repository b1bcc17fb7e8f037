/* What libjpeg-turbo needs by itself: every JPEG file of a list is read and decoded to RGB, scaled down by 2, 4 or 8 as far
   as both sides stay at least SIZE. Nothing is kept. `scaled_decode SIZE THREADS < LIST` prints JSON. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h>

static char **paths;
static size_t count, capacity;
static unsigned size;
static atomic_size_t next;

static double seconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void decode(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  size_t length = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(length);
  if (!bytes || fread(bytes, 1, length, file) != length) exit(1);
  fclose(file);

  struct jpeg_decompress_struct decompress;
  struct jpeg_error_mgr errors;
  decompress.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&decompress);
  jpeg_mem_src(&decompress, bytes, length);
  jpeg_read_header(&decompress, TRUE);
  decompress.out_color_space = JCS_RGB;
  for (unsigned d = 8; d > 1; d /= 2) {
    if ((decompress.image_width + d - 1) / d >= size && (decompress.image_height + d - 1) / d >= size) {
      decompress.scale_num = 1;
      decompress.scale_denom = d;
      break;
    }
  }
  jpeg_start_decompress(&decompress);
  size_t line = (size_t)decompress.output_width * 3;
  unsigned char *pixels = malloc(line * decompress.output_height);
  while (decompress.output_scanline < decompress.output_height) {
    JSAMPROW row = pixels + line * decompress.output_scanline;
    jpeg_read_scanlines(&decompress, &row, 1);
  }
  jpeg_finish_decompress(&decompress);
  jpeg_destroy_decompress(&decompress);
  free(pixels);
  free(bytes);
}

static void *work(void *unused) {
  (void)unused;
  for (size_t i; (i = atomic_fetch_add(&next, 1)) < count;) decode(paths[i]);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  size = (unsigned)atoi(argv[1]);
  int threads = atoi(argv[2]);
  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (count == capacity) paths = realloc(paths, sizeof *paths * (capacity = 2 * capacity + 64));
    paths[count++] = strdup(line);
  }
  pthread_t others[64];
  double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 1; i < threads && i < 64; i++) pthread_create(&others[i], NULL, work, NULL);
  work(NULL);
  for (int i = 1; i < threads && i < 64; i++) pthread_join(others[i], NULL);
  printf("{\"images\": %zu, \"seconds\": %f, \"cpuSeconds\": %f}\n", count, seconds(CLOCK_MONOTONIC) - start,
         seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  return 0;
}
