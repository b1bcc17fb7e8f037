import Foundation

/// How data become places along an axis, as a share of its length from 0 to 1, and where its ticks are.
package enum Scale: Sendable, Hashable {
  case linear(Interval)
  /// Both limits above zero.
  case log(Interval)
  /// Names side by side, each in a band of equal width.
  case band([String])

  /// A linear scale round the values, of which a share `margin` at each end is free; never empty.
  package static func linear(around values: some Sequence<Double>, margin: Double = 0.06) -> Scale {
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else { return .linear(Interval(low: 0, high: 1)) }
    guard high > low else {
      let reach = low == 0 ? 1 : low.magnitude * 0.1
      return .linear(Interval(low: low - reach, high: high + reach))
    }
    let reach = (high - low) * margin / (1 - 2 * margin)
    return .linear(Interval(low: low - reach, high: high + reach))
  }

  /// A logarithmic scale round the values above zero, of which a share `margin` at each end is free; never empty.
  package static func log(around values: some Sequence<Double>, margin: Double = 0.06) -> Scale {
    let positive = values.filter { $0.isFinite && $0 > 0 }
    guard let low = positive.min(), let high = positive.max() else { return .log(Interval(low: 1, high: 10)) }
    let reach =
      high > low ? (Foundation.log(high) - Foundation.log(low)) * margin / (1 - 2 * margin) : Foundation.log(2)
    return .log(
      Interval(
        low: Swift.max(low / exp(reach), .leastNormalMagnitude),
        high: Swift.min(high * exp(reach), .greatestFiniteMagnitude)))
  }

  /// The place of a position; nil where the scale has none for it (an unknown name, a logarithm of zero).
  package func place(_ position: Position) -> Double? {
    switch (self, position) {
    case (.linear(let range), .value(let value)):
      guard value.isFinite, range.high > range.low else { return nil }
      return (value - range.low) / (range.high - range.low)
    case (.log(let range), .value(let value)):
      guard value.isFinite, value > 0, range.high > range.low else { return nil }
      let start = Foundation.log(range.low)
      return (Foundation.log(value) - start) / (Foundation.log(range.high) - start)
    case (.band(let names), .name(let name, let offset)):
      guard let index = names.firstIndex(of: name) else { return nil }
      return (Double(index) + 0.5 + offset) / Double(names.count)
    default: return nil
    }
  }

  /// The ticks: at most about `count` round values, or every name.
  package func ticks(_ count: Int) -> [Tick] {
    switch self {
    case .linear(let range):
      let sparse = Self.roundValues(range, count: count)
      let values = sparse.count < 2 ? Self.roundValues(range, count: count * 2) : sparse
      let step = values.count > 1 ? values[1] - values[0] : 1
      let digits = Swift.min(9, Swift.max(0, Int((-log10(step) - 1e-9).rounded(.up))))
      return values.map { Tick(position: .value($0), label: NumberText.fixed($0, digits)) }
    case .log(let range): return Self.logTicks(range, count: count)
    case .band(let names): return names.map { Tick(position: .name($0), label: $0) }
    }
  }

  /// As many of the ticks as there is room for, evenly, the first and the last among them.
  static func thinned(_ ticks: [Tick], room: Int) -> [Tick] {
    guard ticks.count > room else { return ticks }
    let step = (ticks.count + Swift.max(1, room) - 1) / Swift.max(1, room)
    var places = Array(stride(from: 0, to: ticks.count, by: step))
    if let last = places.last, last < ticks.count - 1 {
      if places.count > 1 { places.removeLast() }
      places.append(ticks.count - 1)
    }
    return places.map { ticks[$0] }
  }

  /// Multiples of 1, 2 or 5 times a power of ten within the range.
  private static func roundValues(_ range: Interval, count: Int) -> [Double] {
    let span = range.high - range.low
    guard span > 0, span.isFinite else { return [] }
    let rough = span / Double(Swift.max(1, count))
    let power = pow(10, floor(log10(rough)))
    let step = ([1, 2, 5, 10].first { $0 * power >= rough * (1 - 1e-9) } ?? 10) * power
    let first = (range.low / step - 1e-9).rounded(.up)
    let last = (range.high / step + 1e-9).rounded(.down)
    guard first <= last, last - first < 1000 else { return [] }
    // Division by a whole number, not multiplication by 0.1, gives the double nearest to each round value.
    let factor = (step / power).rounded()
    return stride(from: first, through: last, by: 1).map {
      power < 1 ? $0 * factor / (1 / power).rounded() : $0 * step
    }
  }

  /// Powers of ten; with 2 and 5 times them, or every round value, where there are fewer than two.
  private static func logTicks(_ range: Interval, count: Int) -> [Tick] {
    guard range.low > 0, range.high >= range.low, range.high.isFinite else { return [] }
    let low = Int(floor(log10(range.low)))
    let high = Int(ceil(log10(range.high)))
    var chosen: [Double] = []
    for factors in [[1.0], [1.0, 3.0], [1.0, 2.0, 5.0]] {
      let values = (low...Swift.max(low, high)).flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }
      let inside = values.filter(range.contains)
      if !chosen.isEmpty, inside.count > count { break }
      chosen = inside
      if chosen.count >= Swift.max(3, count / 2) { break }
    }
    if chosen.count < 2 {
      let values = roundValues(range, count: count).filter { $0 > 0 }
      if values.count > chosen.count { chosen = values }
    }
    if chosen.count > count {
      let every = (chosen.count + count - 1) / count
      chosen = chosen.enumerated().filter { $0.offset.isMultiple(of: every) }.map(\.element)
    }
    return chosen.map { Tick(position: .value($0), label: Self.compact($0)) }
  }

  /// `1e-4`, `250`, `1k`, `2.5k`, `1M`.
  package static func compact(_ value: Double) -> String {
    switch value.magnitude {
    case 1e9...: return NumberText.trimmed(value / 1e9, 2) + "G"
    case 1e6...: return NumberText.trimmed(value / 1e6, 2) + "M"
    case 1e3...: return NumberText.trimmed(value / 1e3, 2) + "k"
    case ..<0.01 where value > 0: return NumberText.scientific(value, 2)
    default: return NumberText.trimmed(value, 3)
    }
  }
}

/// Where something stands along an axis.
package enum Position: Sendable, Hashable {
  case value(Double)
  /// A name of a band scale, and how far from the band's middle, in band widths from -0.5 to 0.5.
  case name(String, offset: Double = 0)
}

package struct Tick: Sendable, Hashable {
  package let position: Position
  package let label: String
}
