/// The slots of a run: how many stages may run at once, at which places, and what memory they share there.
///
/// A place is what stages can have to themselves or share: a CUDA device; the processor is one place, and so is a cluster.
/// Slots are numbered so that neighbours lie at different places: slot 5 of three places is at place 2.
public struct SlotLayout: Sendable, Hashable {
  /// How many places; at least 1.
  public var places: Int
  /// How many stages may run at once at one place; at least 1.
  public var slotsPerPlace: Int
  /// How many stages may run at once in all.
  public var most: Int
  /// The machine's memory for all stages together, in bytes; nil where nobody counts it.
  public var memory: Int64?
  /// Whether stages share memory, so that one which runs out of it may do better beside fewer; not where each has its own.
  public var sharesMemory: Bool
  /// Each place's own memory, in bytes; nil where nobody counts it.
  public var placeMemory: Int64?
  /// A place takes a further stage only where the measured peaks of all say that they fit.
  public var packsByMeasure: Bool

  public init(
    places: Int = 1, slotsPerPlace: Int, most: Int? = nil, memory: Int64? = nil, sharesMemory: Bool = true,
    placeMemory: Int64? = nil, packsByMeasure: Bool = false
  ) {
    precondition(places > 0 && slotsPerPlace > 0, "a layout without slots")
    self.places = places
    self.slotsPerPlace = slotsPerPlace
    self.most = max(1, min(most ?? .max, places * slotsPerPlace))
    self.memory = memory
    self.sharesMemory = sharesMemory
    self.placeMemory = placeMemory
    self.packsByMeasure = packsByMeasure
  }

  /// How many slots there are; more than `most` where not all may be taken at once.
  public var slots: Int { places * slotsPerPlace }

  public func place(of slot: Int) -> Int { slot % places }
}

/// What a stage takes up beside its slot.
public struct StageNeed: Sendable, Hashable {
  /// The machine's memory, in bytes; 0 where it is not known.
  public var memory: Int64
  /// Its place's own memory, in bytes; nil where it is not known.
  public var placeMemory: Int64?
  /// How many other stages may run beside it; nil for any number.
  public var mostBeside: Int?
  /// How many other stages may run beside it at its place; nil for any number.
  public var mostBesideAtPlace: Int?

  public init(memory: Int64 = 0, placeMemory: Int64? = nil, mostBeside: Int? = nil, mostBesideAtPlace: Int? = nil) {
    self.memory = memory
    self.placeMemory = placeMemory
    self.mostBeside = mostBeside
    self.mostBesideAtPlace = mostBesideAtPlace
  }
}
