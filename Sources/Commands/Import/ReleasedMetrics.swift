import Planner
import Store

/// The `metrics_results.json` that the study's released code leaves for a model: metrics by name, perhaps among others and in
/// mappings of their own.
struct ReleasedMetrics {
  private(set) var results: [ImportedResult] = []
  private(set) var faults: [String] = []

  /// - Parameter run: Which run the file is of, without a metric.
  init(_ json: JSONValue, of run: ImportedResult) {
    var found: [Metric: Double] = [:]
    Self.collect(json, into: &found)
    results = Metric.allCases.compactMap { metric in
      found[metric].map { value in
        var result = run
        (result.metric, result.value) = (metric.rawValue, value)
        return result
      }
    }
    if results.isEmpty {
      faults = ["it has no number under a metric's name: \(Metric.allCases.map(\.rawValue).joined(separator: ", "))"]
    }
  }

  /// Where a name comes up twice, what was tested counts before what was validated.
  private static func collect(_ json: JSONValue, into found: inout [Metric: Double]) {
    for (name, value) in (json.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
      if value.objectValue != nil { collect(value, into: &found) }
      guard let metric = ImportedTable.metric(name), let number = value.doubleValue, number.isFinite else { continue }
      if found[metric] == nil || name.hasPrefix("test") { found[metric] = number }
    }
  }

  /// The seed and the initialisation that the name of a released model says: `NAME-run_3`, `NAME_tul_5-run_3` for what has the
  /// weights of the modules up to 5.
  static func identity(ofModel name: String) -> (initialisation: String?, seed: Int?) {
    func number(after mark: String) -> Int? {
      guard let range = name.range(of: mark, options: .backwards) else { return nil }
      let rest = name[range.upperBound...]
      let isNegative = rest.first == "-"
      let digits = rest.dropFirst(isNegative ? 1 : 0).prefix { $0.isASCII && $0.isNumber }
      return Int(digits).map { isNegative ? -$0 : $0 }
    }
    return (number(after: "_tul_").map { $0 == -2 ? "ST" : "WT-ST-\($0)" }, number(after: "-run_"))
  }
}
