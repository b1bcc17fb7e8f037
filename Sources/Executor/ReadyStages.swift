/// The stages that could start, in the order of the plan; those of a group one after the other at one slot.
///
/// Stages of a group share what a worker has computed for the first of them. While one of them runs, the others wait for
/// its slot and are handed out there before anything else.
struct ReadyStages: Sendable {
  /// Of each stage; nil for one that is by itself.
  private let groups: [Int?]
  /// Stages by themselves, and of each waiting group one stage, which stands for it.
  private var queue = ReadyQueue()
  private var members: [Int: ReadyQueue] = [:]
  private var queued: Set<Int> = []
  private var slots: [Int: Int] = [:]

  /// - Parameter groups: The group of each stage; empty where there are none.
  init(groups: [Int?]) { self.groups = groups }

  var isEmpty: Bool { queue.isEmpty && members.values.allSatisfy(\.isEmpty) }

  private func group(_ stage: Int) -> Int? { groups.isEmpty ? nil : groups[stage] }

  mutating func insert(_ stage: Int) {
    guard let group = group(stage) else { return queue.insert(stage) }
    members[group, default: ReadyQueue()].insert(stage)
    announce(group, by: stage)
  }

  /// Puts a group into the queue where it has ready stages and no slot.
  private mutating func announce(_ group: Int, by stage: Int) {
    guard slots[group] == nil, queued.insert(group).inserted else { return }
    queue.insert(stage)
  }

  /// The first stage for a free slot.
  mutating func popFirst(for slot: Int) -> Int? {
    while let stage = queue.popFirst() {
      guard let group = group(stage) else { return stage }
      queued.remove(group)
      guard let first = members[group]?.popFirst() else { continue }
      slots[group] = slot
      return first
    }
    return nil
  }

  /// The next of the group whose stage ended at its slot; nil where none is ready, and the slot is free for others.
  mutating func popNext(after stage: Int) -> Int? {
    guard let group = group(stage) else { return nil }
    if let next = members[group]?.popFirst() { return next }
    slots[group] = nil
    members[group] = nil
    return nil
  }

  /// A slot is given up though stages of its group are ready: nothing more starts there.
  mutating func release(groupOf stage: Int) {
    guard let group = group(stage) else { return }
    slots[group] = nil
  }

  /// The ready stages that will follow a stage at its slot, in order.
  func companions(of stage: Int) -> [Int] {
    guard let group = group(stage) else { return [] }
    return members[group]?.ascending ?? []
  }
}
