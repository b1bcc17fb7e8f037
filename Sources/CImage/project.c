#include "internal.h"

#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#define HAS_AVX2_KERNELS 1
#else
#define HAS_AVX2_KERNELS 0
#endif

/* Rotations, affine and perspective maps: one bilinear pass in which each new pixel asks where in the old image it lies, as
   torchvision's grid sampling of tensors. Places are float32, shares of the four neighbours whole multiples of 1 / 2048, the
   sum rounded once. Every kernel below gives the same numbers. */

#define SHARE_BITS 11
#define WHOLE (1 << SHARE_BITS)
#define HALF (1 << (2 * SHARE_BITS - 1))

/* Bytes that may be read behind a pair of neighbours. */
#define OVERRUN 4

/* A row of new pixels: the upper left of the four neighbours in the framed plane, and the shares of the right and the lower
   ones. */
typedef struct {
  int32_t *places;
  int32_t *right;
  int32_t *lower;
} row_places;

/* The plane with a frame of one pixel, so that every place has four neighbours. */
static void frame_plane(const uint8_t *plane, int32_t width, int32_t height, uint8_t fill, uint8_t *framed) {
  size_t stride = (size_t)width + 2;
  memset(framed, fill, stride);
  for (int32_t y = 0; y < height; y++) {
    uint8_t *row = framed + (size_t)(y + 1) * stride;
    row[0] = fill;
    memcpy(row + 1, plane + (size_t)y * width, (size_t)width);
    row[width + 1] = fill;
  }
  memset(framed + (size_t)(height + 1) * stride, fill, stride + OVERRUN);
}

CIMAGE_KERNEL
static void find_places(const float *restrict map, float y, int32_t count, int32_t width, int32_t height,
                        int32_t *restrict places, int32_t *restrict right, int32_t *restrict lower) {
  const float from_x = map[1] * y + map[2], from_y = map[4] * y + map[5], from_w = map[7] * y + map[8];
  const float across = map[0], down = map[3], tilt = map[6];
  const float last_x = (float)width, last_y = (float)height;
  const int32_t stride = width + 2;
  for (int32_t x = 0; x < count; x++) {
    float w = tilt * (float)x + from_w;
    float source_x = (across * (float)x + from_x) / w;
    float source_y = (down * (float)x + from_y) / w;
    /* What lies outside, and what is no number, ends on the frame. */
    source_x = source_x > -1 ? source_x : -1;
    source_x = source_x < last_x ? source_x : last_x;
    source_y = source_y > -1 ? source_y : -1;
    source_y = source_y < last_y ? source_y : last_y;
    int32_t column = (int32_t)(source_x + 1), row = (int32_t)(source_y + 1);
    column = column < width ? column : width;
    row = row < height ? row : height;
    places[x] = row * stride + column;
    right[x] = (int32_t)((source_x + 1 - (float)column) * WHOLE + 0.5f);
    lower[x] = (int32_t)((source_y + 1 - (float)row) * WHOLE + 0.5f);
  }
}

static void mix_row(const uint8_t *framed, int32_t stride, const row_places *at, int32_t from, int32_t to,
                    uint8_t *output) {
  for (int32_t x = from; x < to; x++) {
    const uint8_t *upper = framed + at->places[x], *under = upper + stride;
    int32_t right = at->right[x], lower = at->lower[x];
    int32_t above = upper[0] * (WHOLE - right) + upper[1] * right;
    int32_t below = under[0] * (WHOLE - right) + under[1] * right;
    output[x] = (uint8_t)((above * (WHOLE - lower) + below * lower + HALF) >> (2 * SHARE_BITS));
  }
}

#if HAS_AVX2_KERNELS

/* Eight pixels at a time; returns how many were made. */
__attribute__((target("avx2"))) static int32_t mix_row_avx2(const uint8_t *framed, int32_t stride, const row_places *at,
                                                            int32_t count, uint8_t *output) {
  const __m256i whole = _mm256_set1_epi32(WHOLE), half = _mm256_set1_epi32(HALF);
  /* The two lowest bytes of each number, side by side as 16-bit numbers. */
  const __m256i mask = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, -128, 1, -128, 4, -128, 5, -128, 8, -128, 9, -128, 12, -128, 13, -128));
  int32_t x = 0;
  for (; x + 8 <= count; x += 8) {
    __m256i place = _mm256_loadu_si256((const __m256i *)(at->places + x));
    __m256i right = _mm256_loadu_si256((const __m256i *)(at->right + x));
    __m256i lower = _mm256_loadu_si256((const __m256i *)(at->lower + x));
    __m256i shares = _mm256_or_si256(_mm256_sub_epi32(whole, right), _mm256_slli_epi32(right, 16));
    __m256i upper = _mm256_shuffle_epi8(_mm256_i32gather_epi32((const int *)framed, place, 1), mask);
    __m256i under = _mm256_shuffle_epi8(_mm256_i32gather_epi32((const int *)(framed + stride), place, 1), mask);
    __m256i above = _mm256_mullo_epi32(_mm256_madd_epi16(upper, shares), _mm256_sub_epi32(whole, lower));
    __m256i below = _mm256_mullo_epi32(_mm256_madd_epi16(under, shares), lower);
    __m256i sum = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(above, below), half), 2 * SHARE_BITS);
    __m256i words = _mm256_packus_epi32(sum, sum);
    __m256i bytes = _mm256_packus_epi16(words, words);
    int32_t first = _mm_cvtsi128_si32(_mm256_castsi256_si128(bytes));
    int32_t second = _mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1));
    memcpy(output + x, &first, 4);
    memcpy(output + x + 4, &second, 4);
  }
  return x;
}

#endif

int cimage_project(const uint8_t *source, int32_t width, int32_t height, int32_t channels,
                   const cimage_projection *projection, uint8_t *output, cimage_scratch *scratch) {
  int32_t count = projection->width, rows = projection->height, stride = width + 2;
  size_t row_bytes = sizeof(int32_t) * (size_t)count;
  size_t framed_bytes = ((size_t)stride * (size_t)(height + 2) + OVERRUN + 31) & ~(size_t)31;
  uint8_t *memory = cimage_scratch_take(scratch, framed_bytes * (size_t)channels + 3 * row_bytes);
  if (!memory) return 0;
  row_places at;
  at.places = (int32_t *)(memory + framed_bytes * (size_t)channels);
  at.right = at.places + count;
  at.lower = at.right + count;
  for (int32_t c = 0; c < channels; c++) {
    frame_plane(source + (size_t)c * width * height, width, height, (uint8_t)projection->fill,
                memory + framed_bytes * (size_t)c);
  }
#if HAS_AVX2_KERNELS
  int has_avx2 = __builtin_cpu_supports("avx2");
#endif
  for (int32_t y = 0; y < rows; y++) {
    find_places(projection->map, (float)y, count, width, height, at.places, at.right, at.lower);
    for (int32_t c = 0; c < channels; c++) {
      const uint8_t *framed = memory + framed_bytes * (size_t)c;
      uint8_t *place = output + ((size_t)c * rows + y) * count;
      int32_t done = 0;
#if HAS_AVX2_KERNELS
      if (has_avx2) done = mix_row_avx2(framed, stride, &at, count, place);
#endif
      mix_row(framed, stride, &at, done, count, place);
    }
  }
  return 1;
}
