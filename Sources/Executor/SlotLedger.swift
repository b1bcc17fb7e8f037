/// Which slots are taken and what those who have them take up. Every answer costs as much at a thousand slots as at two;
/// only places are looked at one by one.
struct SlotLedger: Sendable {
  private struct Place: Sendable {
    /// Rounds of slots given back: a slot's number is its place plus so many times the number of places.
    var free = ReadyQueue()
    /// The first round of which no slot was given yet.
    var untouched = 0
    var running = 0
    var memory: Int64 = 0
    /// How many of those that run have a need that nobody knows.
    var unmeasured = 0
    var limits = LeastOf()
  }

  let layout: SlotLayout
  private var places: [Place]
  private var needs: [Int: StageNeed] = [:]
  private var memory: Int64 = 0
  private var limits = LeastOf()

  init(layout: SlotLayout) {
    self.layout = layout
    places = Array(repeating: Place(), count: layout.places)
  }

  /// Whether some stage could have a slot, as far as their number goes.
  var hasRoom: Bool { needs.count < layout.most }

  /// How many other stages run beside any one that does.
  var others: Int { needs.count - 1 }

  /// How many of them run at the same place as the one at the slot.
  func othersAtPlace(of slot: Int) -> Int { places[layout.place(of: slot)].running - 1 }

  /// Takes a slot at the emptiest place where the need fits; nil where it fits at none. Where nothing runs at all, anything
  /// fits: what is too large for the machine has at least all of it.
  mutating func take(_ need: StageNeed) -> Int? {
    guard fitsTheMachine(need) else { return nil }
    var best: Int?
    for place in places.indices where fits(need, at: place) {
      if best.map({ places[place].running < places[$0].running }) ?? true { best = place }
      if places[place].running == 0 { break }
    }
    guard let place = best else { return nil }
    let round: Int
    if let first = places[place].free.popFirst() {
      round = first
    } else {
      round = places[place].untouched
      places[place].untouched += 1
    }
    let slot = place + layout.places * round
    enter(need, slot)
    return slot
  }

  /// Puts another stage in the place of the one at the slot. It has the slot whether it fits or not.
  mutating func exchange(_ slot: Int, _ need: StageNeed) {
    leave(slot)
    enter(need, slot)
  }

  mutating func giveBack(_ slot: Int) {
    leave(slot)
    places[layout.place(of: slot)].free.insert(slot / layout.places)
  }

  private func fitsTheMachine(_ need: StageNeed) -> Bool {
    if needs.isEmpty { return true }
    guard hasRoom else { return false }
    // Whoever wants few neighbours must not get more, neither the newcomer nor one that runs.
    if let most = need.mostBeside, needs.count > most { return false }
    if let most = limits.least, needs.count > most { return false }
    if let capacity = layout.memory, memory + need.memory > capacity { return false }
    return true
  }

  private func fits(_ need: StageNeed, at index: Int) -> Bool {
    let place = places[index]
    if place.running == 0 { return true }
    guard place.running < layout.slotsPerPlace else { return false }
    if let most = need.mostBesideAtPlace, place.running > most { return false }
    if let most = place.limits.least, place.running > most { return false }
    guard layout.packsByMeasure else { return true }
    guard let wanted = need.placeMemory, let capacity = layout.placeMemory, place.unmeasured == 0 else { return false }
    return place.memory + wanted <= capacity
  }

  private mutating func enter(_ need: StageNeed, _ slot: Int) {
    needs[slot] = need
    memory += need.memory
    if let most = need.mostBeside { limits.insert(most) }
    let index = layout.place(of: slot)
    places[index].running += 1
    places[index].memory += need.placeMemory ?? 0
    if need.placeMemory == nil { places[index].unmeasured += 1 }
    if let most = need.mostBesideAtPlace { places[index].limits.insert(most) }
  }

  private mutating func leave(_ slot: Int) {
    guard let need = needs.removeValue(forKey: slot) else { return }
    memory -= need.memory
    if let most = need.mostBeside { limits.remove(most) }
    let index = layout.place(of: slot)
    places[index].running -= 1
    places[index].memory -= need.placeMemory ?? 0
    if need.placeMemory == nil { places[index].unmeasured -= 1 }
    if let most = need.mostBesideAtPlace { places[index].limits.remove(most) }
  }
}

/// Numbers, of which the least is asked for; few different ones.
private struct LeastOf: Sendable {
  private var counts: [Int: Int] = [:]

  var least: Int? { counts.keys.min() }

  mutating func insert(_ number: Int) { counts[number, default: 0] += 1 }

  mutating func remove(_ number: Int) {
    let count = counts[number, default: 1] - 1
    counts[number] = count > 0 ? count : nil
  }
}
