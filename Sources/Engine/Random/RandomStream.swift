import Foundation

/// A named stream of random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, *Parallel random numbers: as easy as
/// 1, 2, 3*, SC 2011), keyed by a seed and a purpose, positioned by a counter.
///
/// Two streams of different seed or purpose are independent; a stream's whole state is its key and its counter, so a
/// checkpoint holds it in 24 bytes and training goes on with the very next number.
public struct RandomStream: RandomNumberGenerator, Sendable, Codable, Hashable {
  private var key: UInt64
  private var counter: UInt64 = 0

  /// - Parameters:
  ///   - seed: The cell's seed.
  ///   - purpose: What is drawn, e.g. `order`, `augment`, `subset`, `init/head.weight`.
  public init(seed: UInt64, purpose: String) {
    // FNV-1a over the purpose, then the SplitMix64 finalizer over both, so that near seeds lie far apart.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    key = Self.mixed(Self.mixed(seed &+ 0x9e37_79b9_7f4a_7c15) ^ hash)
  }

  /// The stream of a sub-purpose, independent of this one's position.
  public func child(_ index: UInt64) -> RandomStream {
    var child = self
    child.key = Self.mixed(key ^ Self.mixed(index &+ 0x9e37_79b9_7f4a_7c15))
    child.counter = 0
    return child
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// The block at the counter: 128 random bits; the counter moves on by one.
  @inline(__always)
  private mutating func block() -> (UInt64, UInt64) {
    var c0 = UInt32(truncatingIfNeeded: counter)
    var c1 = UInt32(truncatingIfNeeded: counter >> 32)
    var c2: UInt32 = 0
    var c3: UInt32 = 0
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(truncatingIfNeeded: key >> 32)
    for _ in 0..<10 {
      let p0 = UInt64(c0) &* 0xD251_1F53
      let p1 = UInt64(c2) &* 0xCD9E_8D57
      let n0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
      let n2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
      c1 = UInt32(truncatingIfNeeded: p1)
      c3 = UInt32(truncatingIfNeeded: p0)
      c0 = n0
      c2 = n2
      k0 = k0 &+ 0x9E37_79B9
      k1 = k1 &+ 0xBB67_AE85
    }
    counter &+= 1
    return (UInt64(c1) << 32 | UInt64(c0), UInt64(c3) << 32 | UInt64(c2))
  }

  public mutating func next() -> UInt64 { block().0 }

  /// A number in [0, 1), of 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in [low, high).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

  /// An integer in 0..<bound, without bias (Lemire 2019).
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0)
    return Int.random(in: 0..<bound, using: &self)
  }

  /// True with the given probability.
  public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

  /// A standard normal number (Box and Muller's first of a pair).
  public mutating func normal() -> Double { normalPair().0 }

  @inline(__always)
  private mutating func normalPair() -> (Double, Double) {
    let (a, b) = block()
    let radius = (-2 * log(1 - Double(a >> 11) * 0x1p-53)).squareRoot()
    let angle = 2 * Double.pi * (Double(b >> 11) * 0x1p-53)
    return (radius * cos(angle), radius * sin(angle))
  }

  /// Fills the buffer with N(mean, sd).
  public mutating func fillNormal(_ buffer: UnsafeMutableBufferPointer<Float>, mean: Double = 0, sd: Double = 1) {
    var index = 0
    while index < buffer.count {
      let (first, second) = normalPair()
      buffer[index] = Float(mean + sd * first)
      if index + 1 < buffer.count { buffer[index + 1] = Float(mean + sd * second) }
      index += 2
    }
  }

  /// Fills the buffer with U[low, high).
  public mutating func fillUniform(_ buffer: UnsafeMutableBufferPointer<Float>, low: Double, high: Double) {
    for index in buffer.indices { buffer[index] = Float(uniform(low, high)) }
  }

  /// The numbers 0..<count in random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    order.shuffle(using: &self)
    return order
  }
}
