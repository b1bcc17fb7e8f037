import Foundation
import Planner
import Store

/// Results from elsewhere in a CSV table: a row for each run and metric (columns `metric` and `value`), or for each run with a
/// column for each metric.
struct ImportedTable {
  private(set) var results: [ImportedResult] = []
  /// `line 3: ...`
  private(set) var faults: [String] = []
  private var seen: Set<ImportedResult> = []

  /// The columns that say which run a row is of; `dataset`, `backbone` and `init` have to be there.
  private static let required = ["dataset", "backbone", "init"]
  /// So many faults are told; more help nobody.
  private static let mostFaults = 20

  init(_ text: String) {
    guard let records = CSVText.records(text) else {
      faults = ["a quote is not closed"]
      return
    }
    guard let header = records.first?.fields.map({ Self.trimmed($0) }) else {
      faults = ["it is empty"]
      return
    }
    let columns = Dictionary(header.enumerated().map { ($1, $0) }) { first, _ in first }
    for name in Self.required where columns[name] == nil {
      faults.append("line 1: there is no column `\(name)`")
    }
    let isLong = columns["metric"] != nil && columns["value"] != nil
    let metrics: [(column: Int, metric: Metric)] =
      isLong ? [] : header.enumerated().compactMap { place, name in Self.metric(name).map { (place, $0) } }
    if !isLong, metrics.isEmpty {
      faults.append(
        "line 1: there is neither a column `metric` with a column `value` nor one named after a metric: "
          + Metric.allCases.map(\.rawValue).joined(separator: ", "))
    }
    guard faults.isEmpty else { return }

    var runs: [String: Int] = [:]
    for (line, fields) in records.dropFirst() where faults.count < Self.mostFaults {
      func field(_ name: String) -> String? {
        columns[name].flatMap { $0 < fields.count ? Self.trimmed(fields[$0]) : nil }.flatMap { $0.isEmpty ? nil : $0 }
      }
      // Tables of Graft's own have rows of other splits and of cells that are not done.
      if let split = field("split"), split != "test" { continue }
      if let state = field("state"), state != CellState.done.rawValue { continue }
      guard fields.count == header.count else {
        faults.append("line \(line): it has \(fields.count) fields, and the header \(header.count)")
        continue
      }
      guard let run = run(line, field, &runs) else { continue }
      if isLong {
        add(run, metric: field("metric"), value: field("value"), line)
      } else {
        for (column, metric) in metrics where !Self.trimmed(fields[column]).isEmpty {
          add(run, metric: metric.rawValue, value: Self.trimmed(fields[column]), line)
        }
      }
    }
    if results.isEmpty, faults.isEmpty { faults.append("no row of it has a result") }
  }

  /// Which run a row is of, without a metric; nil with a fault.
  private mutating func run(
    _ line: Int, _ field: (String) -> String?, _ runs: inout [String: Int]
  ) -> ImportedResult? {
    let before = faults.count
    for name in Self.required where field(name) == nil { faults.append("line \(line): `\(name)` is empty") }
    let initialisation = field("init") ?? ""
    if !initialisation.isEmpty, InitialisationSpec(initialisation) == nil {
      faults.append(
        "line \(line): `\(initialisation)` is no initialisation: \(InitialisationSpec.forms.joined(separator: ", "))")
    }
    let fraction = field("fraction").map { Double($0) ?? .nan } ?? 1
    if !(fraction > 0 && fraction <= 1) { faults.append("line \(line): `fraction` must be above 0, and 1 at most") }
    let setting = [field("dataset"), field("backbone"), "\(fraction)", initialisation, field("metric")]
      .compactMap(\.self).joined(separator: "\u{0}")
    let seed: Int
    if let text = field("seed") {
      seed = Int(text) ?? -1
      if seed < 0 { faults.append("line \(line): `seed` must be a whole number from 0 on, not `\(text)`") }
    } else {
      // Without seeds the runs of a setting are numbered as they come.
      seed = runs[setting, default: 0]
      runs[setting] = seed + 1
    }
    guard faults.count == before else { return nil }
    return ImportedResult(
      dataset: field("dataset") ?? "", backbone: field("backbone") ?? "", fraction: fraction,
      initialisation: initialisation, seed: seed, metric: "", value: 0)
  }

  private mutating func add(_ run: ImportedResult, metric: String?, value: String?, _ line: Int) {
    guard let name = metric, let metric = Self.metric(name) else {
      let valid = Metric.allCases.map(\.rawValue)
      faults.append(
        "line \(line): `\(metric ?? "")` is no metric: "
          + (metric.flatMap { NearestName.of($0, among: valid) }.map { "did you mean \($0)?" }
            ?? valid.joined(separator: ", ")))
      return
    }
    guard let value, let number = Double(value), number.isFinite else {
      faults.append("line \(line): `\(value ?? "")` is no number")
      return
    }
    var result = run
    result.metric = metric.rawValue
    result.value = number
    var identity = result
    identity.value = 0
    guard seen.insert(identity).inserted else {
      faults.append("line \(line): the run has its \(metric.rawValue) twice; give each run a `seed` of its own")
      return
    }
    results.append(result)
  }

  /// A metric by its name, or as the study's released code calls it.
  static func metric(_ name: String) -> Metric? {
    var name = trimmed(name).lowercased()
    for prefix in ["test_", "test/", "test."] where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
    return Metric(rawValue: name) ?? otherNames[name]
  }

  private static let otherNames: [String: Metric] = [
    "acc": .accuracy, "mean_per_class_recall": .macroRecall, "mean_recall": .macroRecall, "recall": .macroRecall,
    "kappa": .quadraticKappa, "cohen_kappa": .quadraticKappa, "quadratic_cohen_kappa": .quadraticKappa,
    "auc": .rocAUC, "auroc": .rocAUC,
  ]

  private static func trimmed(_ text: String) -> String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
}
