import Files
import Planner
import Store

/// A cell, and what one of its measures found.
package struct Measured: Sendable {
  private let owner: CellResult
  private let measure: Int

  init(_ owner: CellResult, measure: Int) {
    self.owner = owner
    self.measure = measure
  }

  package var cell: Cell { _read { yield owner.cell } }
  package var result: MeasureResult { _read { yield owner.measures[measure] } }
  package var kind: StageKind { result.measure.kind }
  package var setting: SettingKey { SettingKey(cell) }

  /// Whether it is of the same setting.
  func isLike(_ other: Measured) -> Bool { owner === other.owner || StudyAnalysis.isOfOneSetting(cell, other.cell) }
}

extension StudyAnalysis {
  /// The measures of a kind, in the order of the cells.
  package func measured(_ kind: StageKind) -> [Measured] { measuredByKind[kind] ?? [] }

  /// What a function makes of the measures of a kind on each setting, one after another, on all cores.
  func measuredBySetting<Value: Sendable>(
    _ kind: StageKind, _ make: @escaping @Sendable (ArraySlice<Measured>) -> [Value]
  ) -> [Value] {
    let all = measured(kind)
    let settings = all.stretches { $0.isLike($1) }
    return Parallel.map(settings.count, block: 64) { make(all[settings[$0]]) }.flatMap(\.self)
  }

  /// The kinds of measures that the study plans, in the order in which a report shows them.
  package var measureKinds: [StageKind] { StageKind.allCases.filter { measuredByKind[$0] != nil } }

  static func measuredByKind(_ cells: [CellResult]) -> [StageKind: [Measured]] {
    var found: [StageKind: [Measured]] = [:]
    for result in cells {
      for place in result.measures.indices {
        found[result.measures[place].measure.kind, default: []].append(Measured(result, measure: place))
      }
    }
    return found
  }
}

extension StageKind {
  /// The number of the whole network that a measure is for; nil where it is for something else.
  func leadingMetric(judged: String) -> String? {
    switch measure?.leading {
    case .judged: judged
    case .ofJudged(let suffix): judged + suffix
    case .named(let name): name
    case nil: nil
    }
  }

  /// A measure named for a reader.
  var measureName: String { measure?.name ?? rawValue }

  /// What a measure is of, in the plural.
  var measuredNoun: String {
    switch measure?.subject {
    case .pair: "pairs of models"
    case .dataset: "data sets"
    case .model, .predictions, nil: "models"
    }
  }
}

/// What became of the measures of a kind: stages with equal keys, which several cells may share, are counted once.
package struct MeasureTally: Sendable {
  package let kind: StageKind
  package let planned: Int
  package let done: Int
  /// The settings of which no run is measured.
  package let unmeasured: [SettingKey]
  /// Why those that are not done are not.
  package let reasons: AbsenceReasons

  /// - Parameter all: In the order of the cells.
  package init(_ kind: StageKind, _ all: [Measured]) {
    var seen = Set<StageKey>(minimumCapacity: all.count)
    var counts: [CellState: Int] = [:]
    var unfinished: [(CellState, String?)] = []
    for measured in all {
      guard seen.insert(measured.result.measure.key).inserted else { continue }
      counts[measured.result.state, default: 0] += 1
      if measured.result.state != .done { unfinished.append((measured.result.state, measured.result.reason)) }
    }
    let settings = all.stretches { $0.isLike($1) }.map { stretch in
      (setting: all[stretch.lowerBound].setting, isMeasured: all[stretch].contains { $0.result.state == .done })
    }
    self.kind = kind
    planned = seen.count
    done = counts[.done] ?? 0
    absences = CellState.absences { counts[$0] ?? 0 }
    let measured = Set(settings.lazy.filter(\.isMeasured).map(\.setting))
    unmeasured = settings.lazy.map(\.setting).filter { !measured.contains($0) }.uniqued()
    reasons = AbsenceReasons(unfinished)
  }

  /// `1 failed, 2 missing`; empty where all are done.
  package let absences: String

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
