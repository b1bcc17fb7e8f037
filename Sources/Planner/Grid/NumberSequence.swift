import Foundation

/// Numbers that stand for a list: by their ends and a step, or by their ends and a count.
enum NumberSequence {
  /// From the first in equal steps, none past the last.
  case range(first: Double, last: Double, step: Double)
  /// Evenly spaced, both ends among them; at least two.
  case linear(first: Double, last: Double, count: Int)
  /// Evenly spaced by their logarithms, both ends among them, which are above 0; at least two.
  case logarithmic(first: Double, last: Double, count: Int)

  /// How many numbers there are; as a double, since it is asked before any of them is made.
  var count: Double {
    switch self {
    // A step of 0.1 is no tenth: three of them from 0 on must reach 0.3.
    case .range(let first, let last, let step): ((last - first) / step * (1 + 1e-12) + 1e-9).rounded(.down) + 1
    case .linear(_, _, let count), .logarithmic(_, _, let count): Double(count)
    }
  }

  /// The numbers, rounded so that each is what a person would write: of a range to twelve digits of its larger end; evenly
  /// spaced ones to a thousandth of their distance or finer; by logarithms to four digits, or two more than it takes to tell
  /// neighbours apart. Ends are exact.
  ///
  /// - Parameter areWhole: Whether they are rounded to whole numbers after that.
  func values(areWhole: Bool) -> [Double] {
    let count = Int(count)
    let values: [Double]
    switch self {
    case .range(let first, let last, let step):
      let place = Self.place(of: max(first.magnitude, last.magnitude, step)) - 11
      values = (0..<count).map { Self.rounded(first + Double($0) * step, to: place) }
    case .linear(let first, let last, _):
      let place = Self.place(of: (last - first) / Double(count - 1)) - 3
      values = Self.between(first, last, count) { share in
        Self.rounded(first * (1 - share) + last * share, to: place)
      }
    case .logarithmic(let first, let last, _):
      let (low, high) = (log10(first), log10(last))
      let ratio = pow(10, (high - low) / Double(count - 1)) - 1
      let digits = max(4, 2 - Self.place(of: ratio))
      values = Self.between(first, last, count) { share in
        let value = pow(10, low * (1 - share) + high * share)
        return Self.rounded(value, to: Self.place(of: value) - digits + 1)
      }
    }
    return areWhole ? values.map { $0.rounded() } : values
  }

  private static func between(
    _ first: Double, _ last: Double, _ count: Int, _ value: (_ share: Double) -> Double
  ) -> [Double] {
    (0..<count).map { index in
      switch index {
      case 0: first
      case count - 1: last
      default: value(Double(index) / Double(count - 1))
      }
    }
  }

  /// The decimal place of a number's first digit: 0 for 7, -2 for 0.03.
  private static func place(of value: Double) -> Int {
    guard value.magnitude > 0, value.isFinite else { return 0 }
    return Int(log10(value.magnitude).rounded(.down))
  }

  /// The number nearest to a value that has no digit below a decimal place, as it is read from text.
  private static func rounded(_ value: Double, to place: Int) -> Double {
    let digits = (value / pow(10, Double(place))).rounded()
    guard digits.magnitude < 0x1p53 else { return value }
    let rounded = Double("\(Int64(digits))e\(place)") ?? value
    return rounded == 0 ? 0 : rounded
  }
}
