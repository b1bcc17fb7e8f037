/// The stages that could start, in the order in which they should; those of a group one after the other at one slot.
///
/// Stages of a group share what a worker has computed for the first of them. While one of them runs, the others wait for
/// its slot and are handed out there before anything else.
struct ReadyStages: Sendable {
  /// Of each stage; nil for one that is by itself.
  private let groups: [Int?]
  /// The place of each stage in the order, and the stage at each place; empty where stages run as they are numbered.
  private let ranks: [Int32]
  private let ranked: [Int32]
  /// Stages by themselves, and of each waiting group one stage, which stands for it; by rank.
  private var queue = ReadyQueue()
  private var members: [Int: ReadyQueue] = [:]
  /// Groups for which a stage stands in the queue.
  private var queued: Set<Int> = []
  /// Groups that have a slot.
  private var placed: Set<Int> = []
  /// Stages taken out of their groups.
  private var loners: Set<Int> = []
  private var count = 0

  /// - Parameters:
  ///   - groups: The group of each stage; empty where there are none.
  ///   - order: The stages in the order in which they should run; empty for that of their numbers.
  init(groups: [Int?], order: [Int32] = []) {
    self.groups = groups
    ranked = order
    var ranks = [Int32](repeating: 0, count: order.count)
    for (rank, stage) in order.enumerated() { ranks[Int(stage)] = Int32(rank) }
    self.ranks = ranks
  }

  var isEmpty: Bool { count == 0 }

  private func rank(_ stage: Int) -> Int { ranks.isEmpty ? stage : Int(ranks[stage]) }

  private func stage(_ rank: Int) -> Int { ranked.isEmpty ? rank : Int(ranked[rank]) }

  private func group(_ stage: Int) -> Int? {
    groups.isEmpty || (!loners.isEmpty && loners.contains(stage)) ? nil : groups[stage]
  }

  mutating func insert(_ stage: Int) {
    count += 1
    guard let group = group(stage) else { return queue.insert(rank(stage)) }
    members[group, default: ReadyQueue()].insert(rank(stage))
    announce(group, by: stage)
  }

  /// From now on the stage, which is not ready, is by itself.
  mutating func separate(_ stage: Int) { loners.insert(stage) }

  /// Puts a group into the queue where it has ready stages and no slot.
  private mutating func announce(_ group: Int, by stage: Int) {
    guard !placed.contains(group), queued.insert(group).inserted else { return }
    queue.insert(rank(stage))
  }

  /// The first stage for a free slot. Its group waits for that slot from now on.
  mutating func popFirst() -> Int? {
    while let first = queue.popFirst().map(stage) {
      guard let group = group(first) else {
        count -= 1
        return first
      }
      queued.remove(group)
      guard let member = members[group]?.popFirst() else { continue }
      placed.insert(group)
      count -= 1
      return stage(member)
    }
    return nil
  }

  /// Takes back a stage that `popFirst` gave and that found no slot.
  mutating func putBack(_ stage: Int) {
    if let group = group(stage) { placed.remove(group) }
    insert(stage)
  }

  /// The next of the group whose stage ended at its slot; nil where none is ready, and the slot is free for others.
  mutating func popNext(after stage: Int) -> Int? {
    guard let group = group(stage) else { return nil }
    if let next = members[group]?.popFirst() {
      count -= 1
      return self.stage(next)
    }
    placed.remove(group)
    members[group] = nil
    return nil
  }

  /// A slot is given up though stages of its group are ready: nothing more starts there.
  mutating func release(groupOf stage: Int) {
    guard let group = group(stage) else { return }
    placed.remove(group)
  }

  /// The ready stages that will follow a stage at its slot, in order.
  func companions(of stage: Int) -> [Int] {
    guard let group = group(stage) else { return [] }
    return members[group]?.ascending.map { self.stage($0) } ?? []
  }
}
