/// What an edit of a study does to its plan: cells that are new, gone, or of another making.
public struct PlanDifference: Sendable {
  /// A reason for which cells are of another making, and how many.
  public struct Change: Sendable, Hashable {
    /// `training.epochs: 10 -> 12`, `also asks for knn`.
    public let text: String
    public let cells: Int
  }

  /// Cells in the new plan alone, by their places there.
  public private(set) var added: [Int] = []
  /// Cells in the old plan alone, by their places there.
  public private(set) var removed: [Int] = []
  /// Cells of one name whose stages have other keys, by their places in the new plan.
  public private(set) var changed: [Int] = []
  /// Cells whose stages have the same keys.
  public private(set) var same = 0
  /// Why cells are changed, the most frequent first.
  public private(set) var changes: [Change] = []
  /// Values of axes that only added cells have: `init: WT-ST-1, WT-ST-2`.
  public private(set) var addedValues: [String] = []
  /// Values of axes that only removed cells have.
  public private(set) var removedValues: [String] = []

  public init(from old: Plan, to new: Plan) {
    var oldPlaces: [CellID: Int] = [:]
    oldPlaces.reserveCapacity(old.cells.count)
    for (place, cell) in old.cells.enumerated() { oldPlaces[cell.id] = place }
    var counts: [String: Int] = [:]
    var order: [String] = []
    for (place, cell) in new.cells.enumerated() {
      guard let oldPlace = oldPlaces.removeValue(forKey: cell.id) else {
        added.append(place)
        continue
      }
      if old.cells.stagePlaces(of: oldPlace).elementsEqual(
        new.cells.stagePlaces(of: place), by: { old.stages.keys[Int($0)] == new.stages.keys[Int($1)] })
      {
        same += 1
        continue
      }
      changed.append(place)
      let reasons = Self.reasons(from: old.cells[oldPlace], in: old, to: cell, in: new)
      for reason in reasons.isEmpty ? ["its stages come in another order"] : reasons {
        if counts[reason] == nil { order.append(reason) }
        counts[reason, default: 0] += 1
      }
    }
    removed = oldPlaces.values.sorted()
    let places = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
    changes = order.map { Change(text: $0, cells: counts[$0] ?? 0) }
      .sorted { ($1.cells, places[$0.text] ?? 0) < ($0.cells, places[$1.text] ?? 0) }
    addedValues = Self.values(of: added.lazy.map { new.cells[$0] }, absentFrom: old.cells)
    removedValues = Self.values(of: removed.lazy.map { old.cells[$0] }, absentFrom: new.cells)
  }

  /// Whether the two plans have the same cells of the same making.
  public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

  /// Why a cell's stages have other keys: only what differs at a stage itself, not what follows from its inputs.
  private static func reasons(from old: Cell, in oldPlan: Plan, to new: Cell, in newPlan: Plan) -> [String] {
    var reasons: [String] = []
    for kind in StageKind.allCases {
      switch (old.stages[kind], new.stages[kind]) {
      case (nil, nil): continue
      case (nil, _?): reasons.append("also needs \(kind.rawValue)")
      case (_?, nil): reasons.append("needs no \(kind.rawValue) any more")
      case (let before?, let after?) where before != after:
        guard let was = oldPlan.stages[before], let now = newPlan.stages[after] else { continue }
        reasons += differences(from: was, to: now)
      default: continue
      }
    }
    let (before, after) = (old.measures, new.measures)
    for kind in StageKind.allCases {
      let (was, now) = (before.filter { $0.kind == kind }, after.filter { $0.kind == kind })
      if was.isEmpty, !now.isEmpty { reasons.append("also asks for \(kind.rawValue)") }
      if !was.isEmpty, now.isEmpty { reasons.append("does not ask for \(kind.rawValue) any more") }
      for (first, second) in zip(was, now) where first.key != second.key {
        guard let was = oldPlan.stages[first.key], let now = newPlan.stages[second.key] else { continue }
        reasons += differences(from: was, to: now)
      }
    }
    var seen: Set<String> = []
    return reasons.filter { seen.insert($0).inserted }
  }

  private static func differences(from old: Stage, to new: Stage) -> [String] {
    var texts: [String] = []
    if old.version != new.version {
      texts.append("version of \(new.kind.rawValue): \(old.version) -> \(new.version)")
    }
    compare(old.parameters, new.parameters, path: prefix(new.kind), into: &texts)
    return texts
  }

  /// How a study file calls what a stage of this kind is told.
  private static func prefix(_ kind: StageKind) -> String {
    switch kind {
    case .train, .lrSearch, .test: ""
    case .pretrain: "pretrain."
    case .dataset: "data set."
    case .weights: "weights."
    default: "\(kind.rawValue)."
    }
  }

  private static func compare(_ old: JSONValue, _ new: JSONValue, path: String, into texts: inout [String]) {
    guard old != new else { return }
    if case .object(let before) = old, case .object(let after) = new {
      for name in Set(before.keys).union(after.keys).sorted() {
        let inner = path.isEmpty || path.hasSuffix(".") ? "\(path)\(name)" : "\(path).\(name)"
        switch (before[name], after[name]) {
        case (let was?, let now?): compare(was, now, path: inner, into: &texts)
        case (nil, let now?): texts.append("\(inner): by default -> \(shown(now))")
        case (let was?, nil): texts.append("\(inner): \(shown(was)) -> by default")
        case (nil, nil): break
        }
      }
    } else if path.hasSuffix(".content") || path == "content" {
      texts.append("\(path): other files")
    } else {
      texts.append("\(path): \(shown(old)) -> \(shown(new))")
    }
  }

  private static func shown(_ value: JSONValue) -> String {
    let text = value.stringValue ?? value.canonicalText
    return text.count <= 60 ? text : "\(text.prefix(57))..."
  }

  /// Values of axes that none of the other cells has, an axis an entry.
  private static func values(of cells: some Sequence<Cell>, absentFrom others: PlannedCells) -> [String] {
    var known: [String: Set<String>] = [:]
    for cell in others { for (axis, value) in axes(of: cell) { known[axis, default: []].insert(value) } }
    var found: [(axis: String, values: [String])] = []
    var seen: [String: Set<String>] = [:]
    for cell in cells {
      for (axis, value) in axes(of: cell) where !(known[axis]?.contains(value) ?? false) {
        guard seen[axis, default: []].insert(value).inserted else { continue }
        if let place = found.firstIndex(where: { $0.axis == axis }) {
          found[place].values.append(value)
        } else {
          found.append((axis, [value]))
        }
      }
    }
    return found.map { entry in
      let shown = entry.values.prefix(8).joined(separator: ", ")
      return "\(entry.axis): \(shown)" + (entry.values.count > 8 ? " and \(entry.values.count - 8) more" : "")
    }
  }

  private static func axes(of cell: Cell) -> [(String, String)] {
    [
      (Axis.dataset, cell.dataset), (Axis.backbone, cell.backbone),
      (Axis.fraction, JSONValue.number(cell.fraction).canonicalText), (Axis.initialisation, cell.initialisation),
      (Axis.seed, "\(cell.seed)"),
    ] + cell.furtherAxes.map { ($0.name, $0.value) }
  }
}
