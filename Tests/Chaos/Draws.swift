import Foundation

/// Random numbers that follow from a seed: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
struct Draws: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of the range, small ones as often as large ones by their logarithm: faults that come at once and faults that
  /// come late are both met.
  mutating func seconds(in range: ClosedRange<Double>) -> Double {
    let drawn = Double.random(in: 0...1, using: &self)
    return range.lowerBound * exp(drawn * log(range.upperBound / range.lowerBound))
  }
}
