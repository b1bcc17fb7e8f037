/// Where keys stand in a list of them: a hash table of places alone, eight bytes a key at most, since a key is a digest and
/// spreads by itself.
struct KeyIndex: Sendable {
  private var slots: [Int32] = []
  private var mask = 0
  private var count = 0

  init(capacity: Int = 0) { resize(for: capacity) }

  private mutating func resize(for capacity: Int) {
    var size = 16
    while size < capacity + capacity / 2 { size *= 2 }
    slots = Array(repeating: -1, count: size)
    mask = size - 1
  }

  /// The place of the first key equal to this one; nil where there is none.
  func place(of key: StageKey, in keys: [StageKey]) -> Int? {
    var slot = Int(truncatingIfNeeded: key.spread) & mask
    while true {
      let place = Int(slots[slot])
      if place < 0 { return nil }
      if keys[place] == key { return place }
      slot = (slot + 1) & mask
    }
  }

  /// Takes in the last of these keys; those before it have been taken in.
  ///
  /// - Precondition: No other is equal to it.
  mutating func insertLast(of keys: [StageKey]) {
    count += 1
    if count > slots.count / 4 * 3 {
      resize(for: 2 * count)
      for place in keys.indices { put(place, keys[place]) }
    } else {
      put(keys.count - 1, keys[keys.count - 1])
    }
  }

  private mutating func put(_ place: Int, _ key: StageKey) {
    var slot = Int(truncatingIfNeeded: key.spread) & mask
    while slots[slot] >= 0 { slot = (slot + 1) & mask }
    slots[slot] = Int32(place)
  }
}
