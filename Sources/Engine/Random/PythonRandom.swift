/// Random numbers as CPython's `random.Random(seed)` draws them: the 32-bit Mersenne Twister (Matsumoto and Nishimura, ACM
/// TOMACS 8(1), 1998), for splits that were published as a seed.
public struct PythonRandom: Sendable {
  private static let size = 624
  private static let shift = 397
  private var state = [UInt32](repeating: 0, count: size)
  private var next = size

  /// Seeds as Python does with a whole number below 2^32: by the array of its one word.
  public init(seed: UInt32) {
    state[0] = 19_650_218
    for index in 1..<Self.size {
      state[index] = 1_812_433_253 &* (state[index - 1] ^ (state[index - 1] >> 30)) &+ UInt32(index)
    }
    var place = 1
    func advance(_ state: inout [UInt32], _ place: inout Int) {
      place += 1
      if place == Self.size { (state[0], place) = (state[Self.size - 1], 1) }
    }
    for _ in 0..<Self.size {
      let before = state[place - 1]
      state[place] = (state[place] ^ ((before ^ (before >> 30)) &* 1_664_525)) &+ seed
      advance(&state, &place)
    }
    for _ in 1..<Self.size {
      let before = state[place - 1]
      state[place] = (state[place] ^ ((before ^ (before >> 30)) &* 1_566_083_941)) &- UInt32(place)
      advance(&state, &place)
    }
    state[0] = 0x8000_0000
  }

  /// The next 32 bits.
  public mutating func word() -> UInt32 {
    if next == Self.size { refill() }
    var word = state[next]
    next += 1
    word ^= word >> 11
    word ^= (word << 7) & 0x9d2c_5680
    word ^= (word << 15) & 0xefc6_0000
    return word ^ (word >> 18)
  }

  private mutating func refill() {
    for index in 0..<Self.size {
      let joined = (state[index] & 0x8000_0000) | (state[(index + 1) % Self.size] & 0x7fff_ffff)
      let twisted = (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_b0df)
      state[index] = state[(index + Self.shift) % Self.size] ^ twisted
    }
    next = 0
  }

  /// A whole number below `bound`, as `randrange`: of as many bits as it has, drawn until they are below it.
  ///
  /// - Precondition: `bound` in 1..<2^32.
  public mutating func below(_ bound: Int) -> Int {
    let bits = UInt32(Int.bitWidth - bound.leadingZeroBitCount)
    while true {
      let drawn = Int(word() >> (32 - bits))
      if drawn < bound { return drawn }
    }
  }

  /// Puts a list in random order, as `shuffle`.
  public mutating func shuffle<Element>(_ list: inout [Element]) {
    for last in stride(from: list.count - 1, to: 0, by: -1) { list.swapAt(last, below(last + 1)) }
  }
}
