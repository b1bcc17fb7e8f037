/// The most memory that a stage had at one moment.
public struct StagePeaks: Sendable, Hashable {
  /// Of the machine's, in bytes.
  public var memory: Int64
  /// Of its place's own (a GPU's), in bytes; nil where nobody measured it.
  public var placeMemory: Int64?

  public init(memory: Int64, placeMemory: Int64? = nil) {
    self.memory = memory
    self.placeMemory = placeMemory
  }
}

/// What stages are expected to need, from the largest peaks measured of like ones; and what those learned that ran out of
/// memory.
struct MeasuredPeaks: Sendable {
  private let likeness: StageLikeness
  /// By likeness; 0 for none.
  private var memory: [Int64]
  private var placeMemory: [Int64]
  /// Single stages that ran out of memory: how many may run beside each.
  private var mostBeside: [Int: Int] = [:]
  /// Likenesses of which a stage ran out of memory beside others at its place.
  private var mostAtPlace: [Int32: Int] = [:]

  init(likeness: StageLikeness) {
    self.likeness = likeness
    memory = Array(repeating: 0, count: likeness.wider.count)
    placeMemory = memory
  }

  /// What was measured of a stage, whether it came to its end or not: it needs at least that.
  mutating func learn(_ peaks: StagePeaks, of stage: Int) {
    guard !likeness.ofStage.isEmpty else { return }
    // What stages of a kind alone need says too little of each other to keep one from starting.
    var number = likeness.ofStage[stage]
    while number >= 0 {
      let place = Int(number)
      memory[place] = max(memory[place], peaks.memory)
      placeMemory[place] = max(placeMemory[place], peaks.placeMemory ?? 0)
      number = likeness.wider[place]
    }
  }

  /// A stage ran out of memory with so many others beside it: it is to have fewer, down to none.
  mutating func runOut(_ stage: Int, beside others: Int, atPlace othersAtPlace: Int) {
    mostBeside[stage] = min(mostBeside[stage] ?? .max, others / 2)
    guard !likeness.ofStage.isEmpty, othersAtPlace > 0 else { return }
    let number = likeness.ofStage[stage]
    mostAtPlace[number] = min(mostAtPlace[number] ?? .max, othersAtPlace - 1)
  }

  func isLimited(_ stage: Int) -> Bool { !mostBeside.isEmpty && mostBeside[stage] != nil }

  func need(of stage: Int) -> StageNeed {
    guard !likeness.ofStage.isEmpty else { return StageNeed(mostBeside: mostBeside[stage]) }
    let number = likeness.ofStage[stage]
    return StageNeed(
      memory: nearest(memory, number) ?? 0, placeMemory: nearest(placeMemory, number), mostBeside: mostBeside[stage],
      mostBesideAtPlace: mostAtPlace[number])
  }

  /// Of the likeness itself, else of the wider one. The widest is a kind's: where that is another than the stage's own, it
  /// says too little of what one stage needs.
  private func nearest(_ peaks: [Int64], _ number: Int32) -> Int64? {
    var number = number
    let isWide = likeness.wider[Int(number)] < 0
    while number >= 0 {
      let place = Int(number)
      if likeness.wider[place] < 0, !isWide { return nil }
      if peaks[place] > 0 { return peaks[place] }
      number = likeness.wider[place]
    }
    return nil
  }
}
