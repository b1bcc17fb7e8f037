import Planner
import Store

/// A cell, and what one of its measures found.
package struct Measured: Sendable {
  package let cell: Cell
  package let result: MeasureResult

  package var kind: StageKind { result.measure.kind }
  package var setting: SettingKey {
    SettingKey(transferCase: TransferCase(cell), initialisation: cell.initialisation)
  }
}

extension StudyAnalysis {
  /// The measures of a kind, in the order of the cells.
  package func measured(_ kind: StageKind) -> [Measured] {
    cells.flatMap { cell in
      cell.measures.filter { $0.measure.kind == kind }.map { Measured(cell: cell.cell, result: $0) }
    }
  }

  /// The kinds of measures that the study plans, in the order in which a report shows them.
  package var measureKinds: [StageKind] {
    let planned = Set(cells.lazy.flatMap { $0.measures.map(\.measure.kind) })
    return StageKind.allCases.filter(planned.contains)
  }
}

extension StageKind {
  /// Measures that leave numbers of layers.
  static let ofLayers: [StageKind] = [.layerwiseKNN, .layerImportance, .l2, .cka, .crossCKA]

  /// The number of the whole network that a measure is for; nil where it is for something else.
  func leadingMetric(judged: String) -> String? {
    switch self {
    case .knn: judged
    case .l2: "l2_total"
    default: nil
    }
  }

  /// A measure named for a reader.
  var measureName: String {
    switch self {
    case .knn: "Nearest neighbours"
    case .layerwiseKNN: "Nearest neighbours at each layer"
    case .layerImportance: "Layer importance"
    case .l2: "L2 distance of the weights"
    case .cka: "Similarity of layers before and after training"
    case .crossCKA: "Similarity of layers between initialisations"
    case .embedding: "Embedding of the test images"
    case .distance: "Distance to the source"
    default: rawValue
    }
  }
}

extension StageKind {
  /// What a measure is of, in the plural.
  var measuredNoun: String {
    switch self {
    case .crossCKA: "pairs of models"
    case .distance: "data sets"
    default: "models"
    }
  }
}

/// What became of the measures of a kind: stages with equal keys, which several cells may share, are counted once.
package struct MeasureTally: Sendable {
  package let kind: StageKind
  package let planned: Int
  package let done: Int
  package let diverged: Int
  package let failed: Int
  package let missing: Int
  /// The settings of which no run is measured.
  package let unmeasured: [SettingKey]
  /// Why those that are not done are not.
  package let reasons: AbsenceReasons

  package init(_ kind: StageKind, _ analysis: StudyAnalysis) {
    var seen: Set<StageKey> = []
    let all = analysis.measured(kind)
    let stages = all.map(\.result).filter { seen.insert($0.measure.key).inserted }
    self.kind = kind
    planned = stages.count
    done = stages.count { $0.state == .done }
    diverged = stages.count { $0.state == .diverged }
    failed = stages.count { $0.state == .failed }
    missing = stages.count { $0.state == .missing }
    let measured = Set(all.lazy.filter { $0.result.state == .done }.map(\.setting))
    unmeasured = all.map(\.setting).uniqued().filter { !measured.contains($0) }
    reasons = AbsenceReasons(stages.map { ($0.state, $0.reason) })
  }

  /// `1 failed, 2 missing`; empty where all are done.
  package var absences: String {
    [(diverged, "diverged"), (failed, "failed"), (missing, "missing")]
      .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }

  /// What stands below a figure that not all runs are in; nil where they are.
  package var note: String? {
    guard done < planned else { return nil }
    let names = unmeasured.prefix(6).map { $0.title(showsFraction: true) }.joined(separator: "; ")
    let rest = unmeasured.count > 6 ? " and \(unmeasured.count - 6) more settings" : ""
    return "Measured on \(done) of \(planned) \(kind.measuredNoun) (\(absences)); the report names the reasons."
      + (unmeasured.isEmpty ? "" : " No run of: \(names)\(rest).")
  }
}

/// Why things are not done, each reason once, the most frequent first.
package struct AbsenceReasons: Sendable {
  private struct Reason: Hashable {
    let state: CellState
    let text: String
  }

  /// `3 failed: no such file`
  package let lines: [String]

  /// - Parameter all: The done ones among them are passed over.
  package init(_ all: some Sequence<(state: CellState, reason: String?)>) {
    var counts: [Reason: Int] = [:]
    var reasons: [Reason] = []
    for (state, text) in all where state != .done {
      let reason = Reason(state: state, text: text ?? "no reason recorded")
      if counts[reason] == nil { reasons.append(reason) }
      counts[reason, default: 0] += 1
    }
    let places = Dictionary(reasons.enumerated().map { ($1, $0) }) { first, _ in first }
    lines = reasons.sorted { left, right in
      let (more, fewer) = (counts[left] ?? 0, counts[right] ?? 0)
      return more == fewer ? (places[left] ?? 0) < (places[right] ?? 0) : more > fewer
    }.map { "\(counts[$0] ?? 0) \($0.state.rawValue): \($0.text)" }
  }
}
