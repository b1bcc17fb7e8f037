// Convolutions of 3 x 3 and stride 1 with a quarter of the multiplications: Winograd's minimal filtering F(4 x 4,
// 3 x 3) in the form of Lavin & Gray, *Fast Algorithms for Convolutional Neural Networks*, CVPR 2016 (section 4.3):
//
//   Y = A^T [ (G g G^T) * (B^T d B) ] A   for each tile of 4 x 4 outputs d is 6 x 6 inputs,
//
// summed over input channels, which makes 36 matrix products of tiles by channels. The weights' gradient is the adjoint,
// G^T [ sum over tiles (B^T d B) * (A dY A^T) ] G; the input's is the same convolution with turned weights.
// Images are channels-last; weights are [out][row][column][in].
#include <algorithm>

#include "Kernels.h"
#include "Panels.h"
#include "Parallel.h"

GRAFT_AVX2_BEGIN

namespace graft {

namespace {

constexpr int64_t places = 36;
/// Added to the length of rows and to the distance of places, which as powers of two would fall on the same cache lines.
constexpr int64_t gap = 16;

constexpr int64_t panel = panelColumns;

inline V times(float factor, V v) { return _mm256_mul_ps(_mm256_set1_ps(factor), v); }
inline V plusTimes(V sum, float factor, V v) { return _mm256_fmadd_ps(_mm256_set1_ps(factor), v, sum); }
inline V total(V a, V b) { return _mm256_add_ps(a, b); }
inline V difference(V a, V b) { return _mm256_sub_ps(a, b); }

// The transforms interpolate at 0, +-a, +-b and infinity. Lavin & Gray's own points, 1 and 2, lose twice as many digits as
// these, which Vincent et al., *On Improving the Numerical Stability of Winograd Convolutions*, ICLR workshop 2017, found.
constexpr float a = 0.625f, a2 = a * a, a3 = a2 * a;
constexpr float b = 1.5f, b2 = b * b, b3 = b2 * b;
constexpr float nearWeight = 1 / (2 * a2 * (a2 - b2)), farWeight = 1 / (2 * b2 * (b2 - a2)), zeroWeight = 1 / (a2 * b2);

/// B^T d: six inputs to six, `step` apart.
inline void inputTransform(const V *d, int64_t step, V *out, int64_t outStep) {
  const V d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  const V even = plusTimes(d4, -b2, d2), odd = times(a, plusTimes(d3, -b2, d1));
  const V evenFar = plusTimes(d4, -a2, d2), oddFar = times(b, plusTimes(d3, -a2, d1));
  out[0] = plusTimes(plusTimes(d4, -(a2 + b2), d2), a2 * b2, d0);
  out[outStep] = total(even, odd);
  out[2 * outStep] = difference(even, odd);
  out[3 * outStep] = total(evenFar, oddFar);
  out[4 * outStep] = difference(evenFar, oddFar);
  out[5 * outStep] = plusTimes(plusTimes(d5, -(a2 + b2), d3), a2 * b2, d1);
}

/// A^T m: six products to four outputs.
inline void outputTransform(const V *m, int64_t step, V *out, int64_t outStep) {
  const V near = total(m[step], m[2 * step]), nearDifference = difference(m[step], m[2 * step]);
  const V far = total(m[3 * step], m[4 * step]), farDifference = difference(m[3 * step], m[4 * step]);
  out[0] = total(m[0], total(near, far));
  out[outStep] = plusTimes(times(a, nearDifference), b, farDifference);
  out[2 * outStep] = plusTimes(times(a2, near), b2, far);
  out[3 * outStep] = plusTimes(plusTimes(m[5 * step], a3, nearDifference), b3, farDifference);
}

/// A y: the adjoint of the output transform, four to six.
inline void slopeTransform(const V *y, int64_t step, V *out, int64_t outStep) {
  const V y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step];
  const V near = plusTimes(y0, a2, y2), nearOdd = plusTimes(times(a, y1), a3, y3);
  const V far = plusTimes(y0, b2, y2), farOdd = plusTimes(times(b, y1), b3, y3);
  out[0] = y0;
  out[outStep] = total(near, nearOdd);
  out[2 * outStep] = difference(near, nearOdd);
  out[3 * outStep] = total(far, farOdd);
  out[4 * outStep] = difference(far, farOdd);
  out[5 * outStep] = y3;
}

/// G g: three weights to six.
inline void weightTransform(const V *g, int64_t step, V *out, int64_t outStep) {
  const V g0 = g[0], g1 = g[step], g2 = g[2 * step];
  const V near = times(nearWeight, plusTimes(g0, a2, g2)), far = times(farWeight, plusTimes(g0, b2, g2));
  out[0] = times(zeroWeight, g0);
  out[outStep] = plusTimes(near, nearWeight * a, g1);
  out[2 * outStep] = plusTimes(near, -nearWeight * a, g1);
  out[3 * outStep] = plusTimes(far, farWeight * b, g1);
  out[4 * outStep] = plusTimes(far, -farWeight * b, g1);
  out[5 * outStep] = g2;
}

/// G^T u: the adjoint of the weight transform, six to three.
inline void weightSlopeTransform(const V *u, int64_t step, V *out, int64_t outStep) {
  const V near = total(u[step], u[2 * step]), nearDifference = difference(u[step], u[2 * step]);
  const V far = total(u[3 * step], u[4 * step]), farDifference = difference(u[3 * step], u[4 * step]);
  out[0] = plusTimes(plusTimes(times(zeroWeight, u[0]), nearWeight, near), farWeight, far);
  out[outStep] = plusTimes(times(nearWeight * a, nearDifference), farWeight * b, farDifference);
  out[2 * outStep] = plusTimes(plusTimes(u[5 * step], nearWeight * a2, near), farWeight * b2, far);
}

/// Where the tiles of a batch of images lie: 4 x 4 outputs and the 6 x 6 inputs that they come from.
struct Tiling {
  Images in, out;
  int64_t padding, rows, columns, count;

  Tiling(const Images &in, int64_t padding)
      : in(in), out(in.convolved(padding)), padding(padding), rows((out.h + 3) / 4), columns((out.w + 3) / 4),
        count(in.n * rows * columns) {}

  /// The places of a tile's inputs, null outside the image.
  void inputs(int64_t tile, const float *images, int64_t channels, const float **places) const {
    pixels(tile, in, 6, -padding, images, channels, places);
  }
  template <typename Pointer>
  void outputs(int64_t tile, Pointer images, int64_t channels, Pointer *places) const {
    pixels(tile, out, 4, 0, images, channels, places);
  }

  /// How many tiles are worked on at once: their transforms stay in the cache.
  int64_t chunk(int64_t cin, int64_t cout) const {
    const int64_t fitting = 3 * 1024 * 1024 / (places * (cin + cout) * int64_t(sizeof(float)));
    return std::min(count, std::max<int64_t>(64, std::min<int64_t>(256, fitting / 8 * 8)));
  }

 private:
  /// `side` x `side` pixels from (4 row + shift, 4 column + shift) on.
  template <typename Pointer>
  void pixels(int64_t tile, const Images &images, int64_t side, int64_t shift, Pointer values, int64_t channels,
              Pointer *places) const {
    const int64_t column = tile % columns, row = tile / columns % rows, image = tile / columns / rows;
    for (int64_t i = 0; i < side; i++)
      for (int64_t j = 0; j < side; j++) {
        const int64_t y = 4 * row + shift + i, x = 4 * column + shift + j;
        const bool inside = y >= 0 && y < images.h && x >= 0 && x < images.w;
        places[i * side + j] = inside ? values + ((image * images.h + y) * images.w + x) * channels : nullptr;
      }
  }
};

/// Eight channels of 36 (or 16) pixels, zeros outside.
inline void gather(const float *const *pixels, int64_t count, int64_t channel, V *out) {
  for (int64_t i = 0; i < count; i++) out[i] = pixels[i] ? load(pixels[i] + channel) : _mm256_setzero_ps();
}

template <typename Transform>
inline void bothWays(const V *in, int64_t inSide, int64_t outSide, V *out, Transform transform) {
  V half[36];
  for (int64_t j = 0; j < inSide; j++) transform(in + j, inSide, half + j, inSide);
  for (int64_t i = 0; i < outSide; i++) transform(half + i * inSide, 1, out + i * outSide, 1);
}

/// B^T d B of one tile, at `place * stride` from each channel's place on.
template <typename Place>
void transformInput(const Tiling &tiling, int64_t tile, const float *x, int64_t channels, float *out, int64_t stride,
                    Place place) {
  const float *pixels[places];
  tiling.inputs(tile, x, channels, pixels);
  for (int64_t channel = 0; channel < channels; channel += 8) {
    V d[places], v[places];
    gather(pixels, places, channel, d);
    bothWays(d, 6, 6, v, [](const V *a, int64_t s, V *b, int64_t t) { inputTransform(a, s, b, t); });
    float *to = out + place(channel);
    for (int64_t i = 0; i < places; i++) store(to + i * stride, v[i]);
  }
}

/// Eight vectors' places exchanged with eight places' vectors.
inline void transpose(V *rows) {
  V a[8], b[8];
  for (int i = 0; i < 4; i++) {
    a[2 * i] = _mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
    a[2 * i + 1] = _mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
  }
  for (int i = 0; i < 2; i++) {
    b[4 * i] = _mm256_shuffle_ps(a[4 * i], a[4 * i + 2], 0x44);
    b[4 * i + 1] = _mm256_shuffle_ps(a[4 * i], a[4 * i + 2], 0xee);
    b[4 * i + 2] = _mm256_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0x44);
    b[4 * i + 3] = _mm256_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0xee);
  }
  for (int i = 0; i < 4; i++) {
    rows[i] = _mm256_permute2f128_ps(b[i], b[4 + i], 0x20);
    rows[4 + i] = _mm256_permute2f128_ps(b[i], b[4 + i], 0x31);
  }
}

/// How far the places of transformed weights lie apart.
int64_t weightPlace(int64_t cin, int64_t cout) { return cin * cout + gap; }

/// u[36][out / 16][in][16] from the weights: as they are, or turned and with in and out exchanged.
void transformWeights(const float *w, float *u, int64_t cin, int64_t cout, bool turned) {
  const int64_t inputs = turned ? cout : cin, outputs = turned ? cin : cout, apart = weightPlace(cin, cout);
  parallel(outputs / panel, [&](int64_t block) {
    // Eight inputs by eight outputs at a time, of all nine taps.
    V g[9][8];
    for (int64_t input = 0; input < inputs; input += 8)
      for (int64_t output = block * panel; output < (block + 1) * panel; output += 8) {
        for (int64_t tap = 0; tap < 9; tap++) {
          for (int64_t i = 0; i < 8; i++)
            g[tap][i] = turned ? load(w + ((input + i) * 9 + 8 - tap) * cin + output)
                               : load(w + ((output + i) * 9 + tap) * cin + input);
          if (!turned) transpose(g[tap]);
        }
        for (int64_t i = 0; i < 8; i++) {
          V half[18], v[places];
          for (int64_t j = 0; j < 3; j++) weightTransform(&g[j][i], 24, half + j, 3);
          for (int64_t j = 0; j < 6; j++) weightTransform(half + j * 3, 1, v + j * 6, 1);
          float *to = u + (block * inputs + input + i) * panel + output % panel;
          for (int64_t place = 0; place < places; place++) store(to + place * apart, v[place]);
        }
      }
  });
}

}  // namespace

bool winogradFits(const Images &images, int64_t padding, int64_t cin, int64_t cout) {
  if (cin % panel != 0 || cout % panel != 0) return false;
  const Images out = images.convolved(padding);
  if (out.h < 1 || out.w < 1) return false;
  // On images of a few pixels the tiles are mostly empty.
  const Tiling tiling(images, padding);
  return 8 * out.h * out.w >= 5 * 16 * tiling.rows * tiling.columns;
}

void winogradForward(const Images &images, int64_t padding, const float *x, const float *w, float *y, int64_t cin,
                     int64_t cout, bool turned, float *room) {
  const Tiling tiling(images, padding);
  const int64_t inputs = turned ? cout : cin, outputs = turned ? cin : cout;
  transformWeights(w, room, cin, cout, turned);
  // A thread takes its tiles all the way, through the second cache level.
  parallelPanels(tiling.count, 48, [&](int64_t, int64_t begin, int64_t end) {
    const int64_t tiles = end - begin;
    const int64_t vRow = inputs + gap, mRow = outputs + gap, vPlace = tiles * vRow + gap, mPlace = tiles * mRow + gap;
    float *v = threadRoom(places * (vPlace + mPlace)), *m = v + places * vPlace;
    for (int64_t tile = 0; tile < tiles; tile++)
      transformInput(tiling, begin + tile, x, inputs, v + tile * vRow, vPlace, [](int64_t channel) { return channel; });
    for (int64_t place = 0; place < places; place++)
      panelProduct(tiles, outputs, inputs, v + place * vPlace, vRow, 1, room + place * weightPlace(cin, cout), inputs * panel,
                   m + place * mPlace, mRow, false);
    for (int64_t tile = 0; tile < tiles; tile++) {
      float *pixels[16];
      tiling.outputs(begin + tile, y, outputs, pixels);
      for (int64_t channel = 0; channel < outputs; channel += 8) {
        V in[places], half[24], out[16];
        for (int64_t i = 0; i < places; i++) in[i] = load(m + i * mPlace + tile * mRow + channel);
        for (int64_t j = 0; j < 6; j++) outputTransform(in + j, 6, half + j, 6);
        for (int64_t i = 0; i < 4; i++) outputTransform(half + i * 6, 1, out + i * 4, 1);
        for (int64_t i = 0; i < 16; i++)
          if (pixels[i]) store(pixels[i] + channel, out[i]);
      }
    }
  });
}

void winogradWeightGradient(const Images &images, int64_t padding, const float *x, const float *dy, float *dw,
                            int64_t cin, int64_t cout, float *room) {
  const Tiling tiling(images, padding);
  const int64_t chunk = tiling.chunk(cin, cout);
  const int64_t dRow = cout + gap, vPlace = chunk * cin + gap, dPlace = chunk * dRow + gap;
  const int64_t uPlace = weightPlace(cin, cout);
  float *u = room, *v = u + places * uPlace, *d = v + places * vPlace;
  for (int64_t begin = 0; begin < tiling.count; begin += chunk) {
    const int64_t tiles = std::min(chunk, tiling.count - begin);
    parallelRanges(tiles, 8, [&](int64_t first, int64_t last) {
      for (int64_t tile = first; tile < last; tile++) {
        // Here the inputs are the right-hand matrix: panels [in / 16][tile][16].
        transformInput(tiling, begin + tile, x, cin, v + tile * panel, vPlace,
                       [&](int64_t channel) { return channel / panel * chunk * panel + channel % panel; });
        const float *pixels[16];
        tiling.outputs(begin + tile, dy, cout, pixels);
        for (int64_t channel = 0; channel < cout; channel += 8) {
          V in[16], half[24], out[places];
          gather(pixels, 16, channel, in);
          for (int64_t j = 0; j < 4; j++) slopeTransform(in + j, 4, half + j, 4);
          for (int64_t i = 0; i < 6; i++) slopeTransform(half + i * 4, 1, out + i * 6, 1);
          for (int64_t i = 0; i < places; i++) store(d + i * dPlace + tile * dRow + channel, out[i]);
        }
      }
    });
    parallel(places, [&](int64_t place) {
      panelProduct(cout, cin, tiles, d + place * dPlace, 1, dRow, v + place * vPlace, chunk * panel,
               u + place * uPlace, cin, begin > 0);
    });
  }
  parallel(cout, [&](int64_t output) {
    for (int64_t input = 0; input < cin; input += 8) {
      V in[places], half[18], out[9];
      for (int64_t i = 0; i < places; i++) in[i] = load(u + i * uPlace + output * cin + input);
      for (int64_t j = 0; j < 6; j++) weightSlopeTransform(in + j, 6, half + j, 6);
      for (int64_t i = 0; i < 3; i++) weightSlopeTransform(half + i * 6, 1, out + i * 3, 1);
      for (int64_t i = 0; i < 9; i++) store(dw + (output * 9 + i) * cin + input, out[i]);
    }
  });
}

int64_t winogradRoom(int64_t cin, int64_t cout) { return places * weightPlace(cin, cout); }

int64_t winogradGradientRoom(const Images &images, int64_t padding, int64_t cin, int64_t cout) {
  const Tiling tiling(images, padding);
  return places * (weightPlace(cin, cout) + tiling.chunk(cin, cout) * (cin + cout + gap) + 2 * gap);
}

}  // namespace graft

GRAFT_AVX2_END
