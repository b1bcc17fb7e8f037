import Synchronization

/// Bias-corrected and accelerated bootstrap intervals of small samples.
///
/// Source: B. Efron, Better bootstrap confidence intervals, Journal of the American Statistical Association 82, 1987. The
/// percentiles, the correction for bias (ties count half) and the acceleration are those of SciPy's `bootstrap`.
///
/// A sample of at most `exactLimit` values has so few different resamples that all of them are taken, each as often as drawing
/// would come upon it: nothing is random then. Of a larger sample `draws` resamples are drawn, the same for all samples of one
/// size: they follow from the size alone.
package enum BootstrapInterval {
  package static let exactLimit = 8
  package static let draws = 1_999

  /// The 95 % interval of a mean; nil for fewer than two values, and where they do not vary.
  package static func ofMean(_ values: [Double]) -> Interval? {
    let resamples = Resamples.of(values.count)
    let whole = values.reduce(0, +)
    let count = Double(values.count)
    return interval(
      of: whole / count, over: resamples,
      replicates: resamples.sums(of: values).map { $0 / count },
      jackknife: values.map { (whole - $0) / (count - 1) })
  }

  /// The 95 % interval of the ratio of two means whose values are pairs; nil for fewer than two pairs, and where the ratio does
  /// not vary or some resample has none.
  package static func ofRatio(_ first: [Double], _ second: [Double]) -> Interval? {
    precondition(first.count == second.count, "pairs")
    func ratio(_ above: Double, _ below: Double) -> Double { below > 0 ? above / below : .nan }
    let resamples = Resamples.of(first.count)
    let (above, below) = (first.reduce(0, +), second.reduce(0, +))
    return interval(
      of: ratio(above, below), over: resamples,
      replicates: zip(resamples.sums(of: first), resamples.sums(of: second)).map(ratio),
      jackknife: zip(first, second).map { ratio(above - $0, below - $1) })
  }

  /// - Parameters:
  ///   - replicates: The statistic of each resample.
  ///   - jackknife: The statistic without each value in turn.
  private static func interval(
    of estimate: Double, over resamples: Resamples, replicates: [Double], jackknife: [Double]
  ) -> Interval? {
    guard jackknife.count > 1, estimate.isFinite, let found = Replicates(replicates, of: resamples) else { return nil }
    let bias = NormalDistribution.quantile(found.share(below: estimate))
    let centre = jackknife.reduce(0, +) / Double(jackknife.count)
    let deviations = jackknife.map { centre - $0 }
    let squares = deviations.reduce(0) { $0 + $1 * $1 }
    guard bias.isFinite, squares > 0 else { return nil }
    let acceleration = deviations.reduce(0) { $0 + $1 * $1 * $1 } / (6 * squares * squares.squareRoot())

    func limit(_ z: Double) -> Double {
      let shifted = bias + z
      let share = NormalDistribution.cumulative(bias + shifted / (1 - acceleration * shifted))
      return StudentT.roundedToTwelveDigits(found.percentile(share))
    }
    let z = NormalDistribution.quantile((1 - SampleSummary.level) / 2)
    let (low, high) = (limit(z), limit(-z))
    return low.isFinite && high.isFinite ? Interval(low: low, high: high) : nil
  }
}

/// How often each value of a sample is taken in each of many resamples. An object that never changes: all intervals of one size of
/// sample look at one.
private final class Resamples: Sendable {
  let count: Int
  /// Value by value, a number for each resample.
  private let weights: [Double]
  /// How many orders of drawing lead to each; empty where each is one.
  let times: [Double]
  let size: Int

  /// - Parameter rows: Resample by resample, a number for each value.
  private init(rows: [Double], times: [Double], count: Int, size: Int) {
    self.count = count
    self.size = size
    self.times = times
    weights = (0..<count).flatMap { value in (0..<size).map { rows[$0 * count + value] } }
  }

  /// By the size of samples: studies have few.
  private static let kept = Mutex<[Int: Resamples]>([:])

  static func of(_ count: Int) -> Resamples {
    kept.withLock { kept in
      if let known = kept[count] { return known }
      let made = made(of: count)
      kept[count] = made
      return made
    }
  }

  private static func made(of count: Int) -> Resamples {
    count <= BootstrapInterval.exactLimit ? every(of: count) : drawn(of: count)
  }

  /// All ways of taking `count` of `count` values.
  private static func every(of count: Int) -> Resamples {
    var rows: [Double] = []
    var times: [Double] = []
    var weights = [Double](repeating: 0, count: count)
    func choose(_ index: Int, left: Int, orders: Double) {
      if index == count - 1 {
        weights[index] = Double(left)
        rows += weights
        times.append(orders)
        return
      }
      var ways = orders
      for taken in 0...left {
        weights[index] = Double(taken)
        choose(index + 1, left: left - taken, orders: ways)
        // `left` over `taken`, from one binomial coefficient to the next.
        ways = ways * Double(left - taken) / Double(taken + 1)
      }
    }
    if count > 0 { choose(0, left: count, orders: 1) }
    return Resamples(rows: rows, times: times, count: count, size: times.count)
  }

  private static func drawn(of count: Int) -> Resamples {
    var stream = SeededStream(seed: UInt64(count))
    var rows = [Double](repeating: 0, count: BootstrapInterval.draws * count)
    for draw in 0..<BootstrapInterval.draws {
      for _ in 0..<count { rows[draw * count + stream.index(below: count)] += 1 }
    }
    return Resamples(rows: rows, times: [], count: count, size: BootstrapInterval.draws)
  }

  /// The sum of each resample of these values.
  func sums(of values: [Double]) -> [Double] {
    [Double](unsafeUninitializedCapacity: size) { sums, initialised in
      sums.initialize(repeating: 0)
      weights.withUnsafeBufferPointer { weights in
        for (index, value) in values.enumerated() {
          let row = UnsafeBufferPointer(rebasing: weights[index * size..<(index + 1) * size])
          for place in 0..<size { sums[place] += row[place] * value }
        }
      }
      initialised = size
    }
  }
}

/// What a statistic is on many resamples.
private struct Replicates {
  /// Ascending where resamples count several times.
  private let values: [Double]
  /// How many replicates lie at or before each; empty where each counts once.
  private let cumulative: [Double]
  private let range: Double
  /// Of values that each count once.
  private let shelves: Shelves?

  /// - Returns: Nil where one is not finite, and where all are the same.
  init?(_ found: [Double], of resamples: Resamples) {
    guard found.allSatisfy(\.isFinite), let least = found.min(), let most = found.max(), least < most else {
      return nil
    }
    range = most - least
    guard !resamples.times.isEmpty else {
      values = found
      cumulative = []
      shelves = Shelves(found, from: least, range: range)
      return
    }
    let order = found.indices.sorted { found[$0] < found[$1] }
    values = order.map { found[$0] }
    var sum = 0.0
    cumulative = order.map { place in
      sum += resamples.times[place]
      return sum
    }
    shelves = nil
  }

  private var count: Double { cumulative.last ?? Double(values.count) }

  /// The share below a value; of what equals it, but for rounding, half.
  func share(below value: Double) -> Double {
    let slack = 1e-12 * max(value.magnitude, range)
    let (low, high) = (value - slack, value + slack)
    guard !cumulative.isEmpty else {
      // Twice those below and once those that equal it.
      let halves = values.reduce(0) { $0 + ($1 < low ? 1 : 0) + ($1 <= high ? 1 : 0) }
      return Double(halves) / (2 * count)
    }
    func times(_ index: Int) -> Double { index == 0 ? 0 : cumulative[index - 1] }
    let (below, upTo) = (values.partitioningIndex { $0 >= low }, values.partitioningIndex { $0 > high })
    return (times(below) + times(upTo)) / (2 * count)
  }

  /// Interpolated between neighbours, by rank.
  func percentile(_ share: Double) -> Double {
    let place = share * (count - 1)
    let before = place.rounded(.down)
    let (low, high) = neighbours(ofRank: before)
    return place == before ? low : low + (place - before) * (high - low)
  }

  /// The values of a rank, counted from 0, and of the next.
  private func neighbours(ofRank rank: Double) -> (Double, Double) {
    if let shelves {
      let last = values.count - 1
      let low = min(last, max(0, Int(rank)))
      return shelves.values(ofRanks: low...min(last, low + 1), among: values)
    }
    func value(_ rank: Double) -> Double { values[min(values.count - 1, cumulative.partitioningIndex { $0 > rank })] }
    return (value(rank), value(rank + 1))
  }
}

/// Values put on shelves by their size, so that those of a rank are found without an order of all.
private struct Shelves {
  /// Of each value.
  private let shelf: [UInt8]
  /// How many values lie on each.
  private let counts: [Int]

  init(_ values: [Double], from least: Double, range: Double) {
    // A larger value is never on a lower shelf; what the least and the scale lose by rounding changes no order.
    let scale = 255 / range
    var counts = [Int](repeating: 0, count: 256)
    shelf = [UInt8](unsafeUninitializedCapacity: values.count) { shelf, initialised in
      counts.withUnsafeMutableBufferPointer { counts in
        for index in values.indices {
          let place = Int32(max(0, min(255, (values[index] - least) * scale)))
          shelf[index] = UInt8(truncatingIfNeeded: place)
          counts[Int(place)] += 1
        }
      }
      initialised = values.count
    }
    self.counts = counts
  }

  /// The values of two ranks, which may be one, counted from 0.
  func values(ofRanks ranks: ClosedRange<Int>, among values: [Double]) -> (Double, Double) {
    var (first, before) = (0, 0)
    while before + counts[first] <= ranks.lowerBound {
      before += counts[first]
      first += 1
    }
    var (last, upTo) = (first, before + counts[first])
    while upTo <= ranks.upperBound {
      last += 1
      upTo += counts[last]
    }
    let (low, width) = (UInt8(first), UInt8(last - first))
    let wanted = upTo - before
    var found = [Double](unsafeUninitializedCapacity: wanted) { found, initialised in
      shelf.withUnsafeBufferPointer { shelf in
        for index in shelf.indices where shelf[index] &- low <= width {
          found[initialised] = values[index]
          initialised += 1
        }
      }
    }
    found.sort()
    return (found[ranks.lowerBound - before], found[ranks.upperBound - before])
  }
}

extension Array {
  /// The first place from which on a condition holds that holds for no element before it.
  fileprivate func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// Random numbers that follow from a seed: SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number
/// generators, 2014).
private struct SeededStream {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A whole number from 0 to `count - 1`; that some are likelier by 1 in 2^64 / `count` does not matter here.
  mutating func index(below count: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)).multipliedFullWidth(by: UInt64(count)).high)
  }
}
