#include "jpegLSScan.h"

#include <algorithm>
#include <cstdlib>

#include "fault.h"

namespace dicom {

namespace {

Fault damaged() { return Fault(CIMAGE_TRUNCATED, "its JPEG-LS stream is damaged"); }

/// Bits, the highest first. Behind a byte FF one bit was put in that is 0.
class Bits {
 public:
  Bits(const uint8_t *begin, const uint8_t *end) : at_(begin), end_(end) {}

  /// At most 32.
  uint32_t take(int count) {
    if (count == 0) return 0;
    need(count);
    uint32_t bits = uint32_t(cache_ >> (64 - count));
    drop(count);
    return bits;
  }

  /// How many zeros stand before the next one, which is taken too; at most `most`.
  int zeros(int most) {
    int count = 0;
    for (;;) {
      need(1);
      // Of nothing but zeros, those that are there.
      int run = cache_ == 0 ? left_ : std::min(__builtin_clzll(cache_), left_);
      count += run;
      if (count > most) throw damaged();
      if (run < left_) {
        drop(run + 1);
        return count;
      }
      drop(run);
    }
  }

 private:
  void need(int count) {
    if (left_ < count) fill();
    if (left_ < count) throw Fault(CIMAGE_TRUNCATED, "its JPEG-LS stream ends early");
  }

  void drop(int count) {
    cache_ = count == 64 ? 0 : cache_ << count;
    left_ -= count;
  }

  void fill() {
    while (left_ <= 56 && at_ < end_) {
      int width = followsFF_ ? 7 : 8;
      followsFF_ = *at_ == 0xFF;
      cache_ |= uint64_t(*at_++) << (64 - width) >> left_;
      left_ += width;
    }
  }

  const uint8_t *at_, *end_;
  uint64_t cache_ = 0;
  int left_ = 0;
  bool followsFF_ = false;
};

/// The statistics of a context.
struct Context {
  int64_t a = 0, b = 0, c = 0, n = 1;
};

struct RunContext {
  int64_t a = 0, n = 1, negative = 0;
};

int bitsFor(int64_t count) {
  int bits = 0;
  while ((int64_t(1) << bits) < count) bits++;
  return bits;
}

/// The orders of run lengths.
constexpr int J[32] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/// A line with a value before it and one behind.
using Line = std::vector<int64_t>;

class Scan {
 public:
  Scan(const uint8_t *begin, const uint8_t *end, const JPEGLSCoding &coding)
      : bits_(begin, end), coding_(coding), step_(2 * coding.near + 1), range_((coding.maxval + 2 * coding.near) / step_ + 1) {
    qbpp_ = bitsFor(range_);
    int bpp = std::max(2, bitsFor(coding.maxval + 1));
    limit_ = 2 * (bpp + std::max(8, bpp));
    int64_t start = std::max<int64_t>(2, (range_ + 32) / 64);
    for (Context &context : contexts_) context.a = start;
    for (RunContext &context : runContexts_) context.a = start;
    quantised_.resize(size_t(2 * coding.maxval + 1));
    for (int64_t d = -coding.maxval; d <= coding.maxval; d++) quantised_[size_t(d + coding.maxval)] = int8_t(quantise(d));
  }

  /// One line of each of `count` planes whose samples take turns. `runIndex` is theirs.
  void decode(const Line *above, Line *lines, size_t count, size_t width, int &runIndex) {
    for (size_t x = 1; x <= width;) {
      bool isFlat = true;
      for (size_t p = 0; p < count && isFlat; p++) {
        const Line &a = above[p], &l = lines[p];
        isFlat = std::abs(a[x + 1] - a[x]) <= coding_.near && std::abs(a[x] - a[x - 1]) <= coding_.near &&
                 std::abs(a[x - 1] - l[x - 1]) <= coding_.near;
      }
      if (!isFlat) {
        for (size_t p = 0; p < count; p++) lines[p][x] = regular(above[p], lines[p], x);
        x++;
        continue;
      }
      size_t run = runLength(width + 1 - x, runIndex);
      for (size_t p = 0; p < count; p++) std::fill_n(lines[p].begin() + long(x), run, lines[p][x - 1]);
      x += run;
      if (x > width) break;
      for (size_t p = 0; p < count; p++) {
        lines[p][x] = interruption(lines[p][x - 1], above[p][x], count == 1, runIndex);
      }
      if (runIndex > 0) runIndex--;
      x++;
    }
  }

 private:
  /// A gradient as one of nine (T.87 A.3.3).
  int quantise(int64_t d) const {
    int64_t size = std::abs(d);
    int level = size <= coding_.near ? 0 : size < coding_.t1 ? 1 : size < coding_.t2 ? 2 : size < coding_.t3 ? 3 : 4;
    return d < 0 ? -level : level;
  }
  int quantised(int64_t d) const { return quantised_[size_t(d + coding_.maxval)]; }

  /// A Golomb code of limited length (A.5.3).
  int64_t golomb(int k, int limit) {
    int most = limit - qbpp_ - 1;
    if (k > 24 || most < 0) throw damaged();
    int zeros = bits_.zeros(most);
    if (zeros == most) return int64_t(bits_.take(qbpp_)) + 1;
    return int64_t(zeros) << k | bits_.take(k);
  }

  int64_t reconstructed(int64_t predicted, int64_t error) const {
    int64_t value = predicted + error * step_;
    if (value < -coding_.near) {
      value += range_ * step_;
    } else if (value > coding_.maxval + coding_.near) {
      value -= range_ * step_;
    }
    return std::clamp<int64_t>(value, 0, coding_.maxval);
  }

  int64_t regular(const Line &above, const Line &line, size_t x) {
    int64_t a = line[x - 1], b = above[x], c = above[x - 1], d = above[x + 1];
    int place = 81 * quantised(d - b) + 9 * quantised(b - c) + quantised(c - a);
    int64_t sign = place < 0 ? -1 : 1;
    Context &context = contexts_[std::abs(place)];
    int64_t predicted = c >= std::max(a, b) ? std::min(a, b) : c <= std::min(a, b) ? std::max(a, b) : a + b - c;
    predicted = std::clamp<int64_t>(predicted + sign * context.c, 0, coding_.maxval);
    int k = 0;
    while (context.n << k < context.a) k++;
    int64_t mapped = golomb(k, limit_);
    int64_t error = mapped % 2 == 0 ? mapped / 2 : -(mapped + 1) / 2;
    if (coding_.near == 0 && k == 0 && 2 * context.b <= -context.n) error = -error - 1;
    if (std::abs(error) > range_) throw damaged();
    context.b += error * step_;
    context.a += std::abs(error);
    if (context.n == coding_.reset) context.a >>= 1, context.b >>= 1, context.n >>= 1;
    context.n++;
    if (context.b <= -context.n) {
      context.b = std::max(context.b + context.n, 1 - context.n);
      if (context.c > -128) context.c--;
    } else if (context.b > 0) {
      context.b = std::min<int64_t>(context.b - context.n, 0);
      if (context.c < 127) context.c++;
    }
    return reconstructed(predicted, sign * error);
  }

  /// How many samples are as the one before; `left` where the line ends so (A.7.1).
  size_t runLength(size_t left, int &index) {
    size_t run = 0;
    while (bits_.take(1) == 1) {
      size_t part = size_t(1) << J[index];
      if (part <= left - run && index < 31) index++;
      run += std::min(part, left - run);
      if (run == left) return run;
    }
    run += bits_.take(J[index]);
    if (run >= left) throw damaged();
    return run;
  }

  /// The sample that ends a run (A.7.2). Where samples take turns, all are coded as if they were unlike their neighbours.
  int64_t interruption(int64_t a, int64_t b, bool isAlone, int index) {
    int64_t type = isAlone && std::abs(a - b) <= coding_.near ? 1 : 0;
    RunContext &context = runContexts_[type];
    int64_t size = context.a + (type == 1 ? context.n >> 1 : 0);
    int k = 0;
    while (context.n << k < size) k++;
    int64_t mapped = golomb(k, limit_ - J[index] - 1);
    int64_t both = mapped + type, odd = both & 1;
    bool isNegative = (k != 0 || 2 * context.negative >= context.n) == (odd == 1);
    int64_t error = (both + odd) / 2;
    if (error > range_) throw damaged();
    if (isNegative) error = -error;
    if (error < 0) context.negative++;
    context.a += (mapped + 1 - type) >> 1;
    if (context.n == coding_.reset) context.a >>= 1, context.n >>= 1, context.negative >>= 1;
    context.n++;
    return type == 1 ? reconstructed(a, error) : reconstructed(b, a > b ? -error : error);
  }

  Bits bits_;
  const JPEGLSCoding coding_;
  const int64_t step_, range_;
  int qbpp_ = 0, limit_ = 0;
  Context contexts_[365];
  RunContext runContexts_[2];
  std::vector<int8_t> quantised_;
};

}  // namespace

void JPEGLSCoding::setDefaultThresholds() {
  auto within = [&](int64_t value, int64_t least) { return value > maxval || value < least ? least : value; };
  if (maxval >= 128) {
    int64_t factor = (std::min<int64_t>(maxval, 4095) + 128) / 256;
    t1 = within(factor + 2 + 3 * near, near + 1);
    t2 = within(4 * factor + 3 + 5 * near, t1);
    t3 = within(17 * factor + 4 + 7 * near, t2);
  } else {
    int64_t factor = 256 / (maxval + 1);
    t1 = within(std::max<int64_t>(2, 3 / factor + 3 * near), near + 1);
    t2 = within(std::max<int64_t>(3, 7 / factor + 5 * near), t1);
    t3 = within(std::max<int64_t>(4, 21 / factor + 7 * near), t2);
  }
}

void decodeJPEGLSScan(const uint8_t *begin, const uint8_t *end, const JPEGLSCoding &coding, size_t width, size_t height,
                      bool bySample, std::vector<uint16_t> *planes, size_t count) {
  Scan scan(begin, end, coding);
  std::vector<Line> above(count, Line(width + 2)), lines(count, Line(width + 2));
  std::vector<int> runIndices(count);
  for (size_t y = 0; y < height; y++) {
    for (size_t p = 0; p < count; p++) {
      above[p][width + 1] = above[p][width];
      lines[p][0] = above[p][1];
    }
    for (size_t p = 0; p < (bySample ? 1 : count); p++) {
      scan.decode(&above[p], &lines[p], bySample ? count : 1, width, runIndices[p]);
    }
    for (size_t p = 0; p < count; p++) {
      for (size_t x = 0; x < width; x++) planes[p][y * width + x] = uint16_t(lines[p][x + 1]);
      std::swap(above[p], lines[p]);
    }
  }
}

}  // namespace dicom
