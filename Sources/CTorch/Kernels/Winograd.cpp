// Convolutions of stride 1 with a fraction of the multiplications: Winograd's minimal filtering on tiles of outputs, in the
// form of Lavin & Gray, *Fast Algorithms for Convolutional Neural Networks*, CVPR 2016 (section 4.3):
//
//   Y = A^T [ (G g G^T) * (B^T d B) ] A   for each tile of 4 x 4 outputs of 3 x 3 taps d is 6 x 6 inputs,
//
// summed over input channels, which makes 36 matrix products of tiles by channels. The weights' gradient is the adjoint,
// G^T [ sum over tiles (B^T d B) * (A dY A^T) ] G; the input's is the same convolution with turned weights.
// Images are channels-last; weights are [out][row][column][in].
#include <algorithm>

#include "Kernels.h"
#include "MinimalFilter.h"
#include "Parallel.h"

GRAFT_AVX2_BEGIN

namespace graft {

namespace {

/// Added to the length of rows and to the distance of places, which as powers of two would fall on the same cache lines.
constexpr int64_t gap = 16;

constexpr int64_t panel = panelColumns;

using None = MinimalFilter<1, 1>;
using Squares3 = RectangularFilter<MinimalFilter<4, 3>, MinimalFilter<4, 3>>;
using Squares5 = RectangularFilter<MinimalFilter<2, 5>, MinimalFilter<2, 5>>;
using Columns7 = RectangularFilter<MinimalFilter<4, 7>, None>;
using Rows7 = RectangularFilter<None, MinimalFilter<4, 7>>;

/// Calls `body` with the tiles' filter for a convolution's taps; false where there is none.
template <typename Body>
bool withFilter(const Taps &taps, Body body) {
  if (taps.rows == 3 && taps.columns == 3) body(Squares3());
  else if (taps.rows == 5 && taps.columns == 5) body(Squares5());
  else if (taps.rows == 7 && taps.columns == 1) body(Columns7());
  else if (taps.rows == 1 && taps.columns == 7) body(Rows7());
  else return false;
  return true;
}

/// Where the tiles of a batch of images lie: rectangles of outputs and the larger ones of inputs that they come from.
template <typename F>
struct Tiling {
  Images in, out;
  int64_t rowPadding, columnPadding, rows, columns, count;

  Tiling(const Images &in, const Taps &taps)
      : in(in), out(in.convolved(taps)), rowPadding(taps.rowPadding), columnPadding(taps.columnPadding),
        rows((out.h + F::rowOutputs - 1) / F::rowOutputs), columns((out.w + F::columnOutputs - 1) / F::columnOutputs),
        count(in.n * rows * columns) {}

  /// The places of a tile's inputs, null outside the image.
  void inputs(int64_t tile, const float *images, int64_t channels, const float **places) const {
    pixels<F::rowProducts, F::columnProducts>(tile, in, -rowPadding, -columnPadding, images, channels, places);
  }
  template <typename Pointer>
  void outputs(int64_t tile, Pointer images, int64_t channels, Pointer *places) const {
    pixels<F::rowOutputs, F::columnOutputs>(tile, out, 0, 0, images, channels, places);
  }

  /// How many tiles are worked on at once: their transforms stay in the cache.
  int64_t chunk(int64_t cin, int64_t cout) const {
    const int64_t fitting = 3 * 1024 * 1024 / (F::products * (cin + cout) * int64_t(sizeof(float)));
    return std::min(count, std::max<int64_t>(64, std::min<int64_t>(256, fitting / 8 * 8)));
  }

 private:
  /// A rectangle of pixels, by so much down and right of the tile's first output.
  template <int height, int width, typename Pointer>
  void pixels(int64_t tile, const Images &images, int64_t down, int64_t right, Pointer values, int64_t channels,
              Pointer *places) const {
    const int64_t column = tile % columns, row = tile / columns % rows, image = tile / columns / rows;
    for (int64_t i = 0; i < height; i++)
      for (int64_t j = 0; j < width; j++) {
        const int64_t y = F::rowOutputs * row + down + i, x = F::columnOutputs * column + right + j;
        const bool inside = y >= 0 && y < images.h && x >= 0 && x < images.w;
        places[i * width + j] = inside ? values + ((image * images.h + y) * images.w + x) * channels : nullptr;
      }
  }
};

/// Eight channels of so many pixels, zeros outside.
inline void gather(const float *const *pixels, int64_t count, int64_t channel, V *out) {
  for (int64_t i = 0; i < count; i++) out[i] = pixels[i] ? load(pixels[i] + channel) : _mm256_setzero_ps();
}

/// B^T d B of one tile, at `place * stride` from each channel's place on.
template <typename F, typename Place>
void transformInput(const Tiling<F> &tiling, int64_t tile, const float *x, int64_t channels, float *out, int64_t stride,
                    Place place) {
  const float *pixels[F::products];
  tiling.inputs(tile, x, channels, pixels);
  for (int64_t channel = 0; channel < channels; channel += 8) {
    V d[F::products], v[F::products];
    gather(pixels, F::products, channel, d);
    F::inputs(d, v);
    float *to = out + place(channel);
    for (int64_t i = 0; i < F::products; i++) store(to + i * stride, v[i]);
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

/// u[products][out / 16][in][16] from the weights: as they are, or turned and with in and out exchanged.
template <typename F>
void transformWeights(const float *w, float *u, int64_t cin, int64_t cout, bool turned) {
  const int64_t inputs = turned ? cout : cin, outputs = turned ? cin : cout, apart = weightPlace(cin, cout);
  parallel(outputs / panel, [&](int64_t block) {
    // Eight inputs by eight outputs at a time, of all taps.
    constexpr int64_t taps = F::taps;
    V g[taps][8];
    for (int64_t input = 0; input < inputs; input += 8)
      for (int64_t output = block * panel; output < (block + 1) * panel; output += 8) {
        for (int64_t tap = 0; tap < taps; tap++) {
          for (int64_t i = 0; i < 8; i++)
            g[tap][i] = turned ? load(w + ((input + i) * taps + taps - 1 - tap) * cin + output)
                               : load(w + ((output + i) * taps + tap) * cin + input);
          if (!turned) transpose(g[tap]);
        }
        for (int64_t i = 0; i < 8; i++) {
          V v[F::products];
          F::weights(&g[0][i], 8, v);
          float *to = u + (block * inputs + input + i) * panel + output % panel;
          for (int64_t place = 0; place < F::products; place++) store(to + place * apart, v[place]);
        }
      }
  });
}

/// Tiles that a thread takes at once: their transforms of so many channels stay in the second cache level.
template <typename F>
constexpr int64_t threadTiles = 48 * 36 / F::products;

template <typename F>
void forward(const Images &images, const Taps &taps, const float *x, const float *w, float *y, int64_t cin, int64_t cout,
             bool turned, float *room) {
  constexpr int64_t places = F::products;
  const Tiling<F> tiling(images, taps);
  const int64_t inputs = turned ? cout : cin, outputs = turned ? cin : cout;
  transformWeights<F>(w, room, cin, cout, turned);
  // A thread takes its tiles all the way.
  parallelPanels(tiling.count, threadTiles<F>, [&](int64_t, int64_t begin, int64_t end) {
    const int64_t tiles = end - begin;
    const int64_t vRow = inputs + gap, mRow = outputs + gap, vPlace = tiles * vRow + gap, mPlace = tiles * mRow + gap;
    float *v = threadRoom(places * (vPlace + mPlace)), *m = v + places * vPlace;
    for (int64_t tile = 0; tile < tiles; tile++)
      transformInput(tiling, begin + tile, x, inputs, v + tile * vRow, vPlace, [](int64_t channel) { return channel; });
    for (int64_t place = 0; place < places; place++)
      panelProduct(tiles, outputs, inputs, v + place * vPlace, vRow, 1, room + place * weightPlace(cin, cout), inputs * panel,
                   m + place * mPlace, mRow, false);
    for (int64_t tile = 0; tile < tiles; tile++) {
      float *pixels[F::outputs];
      tiling.outputs(begin + tile, y, outputs, pixels);
      for (int64_t channel = 0; channel < outputs; channel += 8) {
        V in[places], out[F::outputs];
        for (int64_t i = 0; i < places; i++) in[i] = load(m + i * mPlace + tile * mRow + channel);
        F::results(in, out);
        for (int64_t i = 0; i < F::outputs; i++)
          if (pixels[i]) store(pixels[i] + channel, out[i]);
      }
    }
  });
}

template <typename F>
void weightGradient(const Images &images, const Taps &taps, const float *x, const float *dy, float *dw, int64_t cin,
                    int64_t cout, float *room) {
  constexpr int64_t places = F::products;
  const Tiling<F> tiling(images, taps);
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
        const float *pixels[F::outputs];
        tiling.outputs(begin + tile, dy, cout, pixels);
        for (int64_t channel = 0; channel < cout; channel += 8) {
          V in[F::outputs], out[places];
          gather(pixels, F::outputs, channel, in);
          F::slopes(in, out);
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
      V in[places], out[F::taps];
      for (int64_t i = 0; i < places; i++) in[i] = load(u + i * uPlace + output * cin + input);
      F::weightSlopes(in, out);
      for (int64_t i = 0; i < F::taps; i++) store(dw + (output * F::taps + i) * cin + input, out[i]);
    }
  });
}

}  // namespace

bool winogradFits(const Images &images, const Taps &taps, int64_t cin, int64_t cout) {
  if (cin % panel != 0 || cout % panel != 0) return false;
  if (taps.rowPadding >= taps.rows || taps.columnPadding >= taps.columns) return false;
  const Images out = images.convolved(taps);
  if (out.h < 1 || out.w < 1) return false;
  bool fits = false;
  withFilter(taps, [&](auto filter) {
    using F = decltype(filter);
    const Tiling<F> tiling(images, taps);
    // On images of a few pixels the tiles are mostly empty.
    fits = 8 * out.h * out.w >= 5 * F::outputs * tiling.rows * tiling.columns;
  });
  return fits;
}

void winogradForward(const Images &images, const Taps &taps, const float *x, const float *w, float *y, int64_t cin,
                     int64_t cout, bool turned, float *room) {
  withFilter(taps, [&](auto filter) {
    forward<decltype(filter)>(images, taps, x, w, y, cin, cout, turned, room);
  });
}

void winogradWeightGradient(const Images &images, const Taps &taps, const float *x, const float *dy, float *dw,
                            int64_t cin, int64_t cout, float *room) {
  withFilter(taps, [&](auto filter) {
    weightGradient<decltype(filter)>(images, taps, x, dy, dw, cin, cout, room);
  });
}

int64_t winogradRoom(const Taps &taps, int64_t cin, int64_t cout) {
  int64_t room = 0;
  withFilter(taps, [&](auto filter) { room = decltype(filter)::products * weightPlace(cin, cout); });
  return room;
}

int64_t winogradGradientRoom(const Images &images, const Taps &taps, int64_t cin, int64_t cout) {
  int64_t room = 0;
  withFilter(taps, [&](auto filter) {
    using F = decltype(filter);
    const Tiling<F> tiling(images, taps);
    room = F::products * (weightPlace(cin, cout) + tiling.chunk(cin, cout) * (cin + cout + gap) + 2 * gap);
  });
  return room;
}

}  // namespace graft

GRAFT_AVX2_END
