import Engine
import Foundation
import Planner

/// Which images of a study's data sets train, validate and test, for `graft export --table splits`.
enum SplitListing {
  /// The answer to a request `{"seeds": [...], "datasets": [{"name": ..., "artifact": ..., "fractions": [...]}]}` as CSV: a row an
  /// image. Behind its class (where it shows several, with `|` between) and its group stands, for each seed, the least of
  /// the fractions whose training images it is among; blank where it is in none.
  ///
  /// - Throws: `DataFault` where a store cannot be read; `EngineError.specification`.
  static func csv(of request: JSONValue) throws -> String {
    guard let seeds = request["seeds"]?.arrayValue?.compactMap(\.intValue),
      let datasets = request["datasets"]?.arrayValue
    else { throw EngineError.specification("the request names no seeds and data sets") }
    var text = CSVText.line(
      ["dataset", "split", "image", "class", "group"] + seeds.map { "least_fraction_seed_\($0)" })
    for dataset in datasets {
      guard let name = dataset["name"]?.stringValue, let folder = dataset["artifact"]?.stringValue else { continue }
      let fractions = (dataset["fractions"]?.arrayValue ?? []).compactMap(\.doubleValue)
      try list(
        StoredImages(path: "\(folder)/\(DatasetStage.storeName)"), name: name, fractions: fractions, seeds: seeds,
        into: &text)
    }
    return text
  }

  private static func list(
    _ store: StoredImages, name: String, fractions: [Double], seeds: [Int], into text: inout String
  ) throws {
    let training = store.positions(in: .train)
    // Fractions are nested, so the least one says them all.
    let least = seeds.map { seed in
      var least: [Int: Double] = [:]
      for fraction in fractions.sorted(by: >) {
        for place in store.subset(of: .train, fraction: fraction, seed: UInt64(seed)) {
          least[training[place]] = fraction
        }
      }
      return least
    }
    let classes = store.classes
    for split in Split.allCases {
      for position in store.positions(in: split) {
        let label = store.label(position)
        let fields =
          [
            name, split.rawValue, store.imagePath(position), label.shown.map { classes[$0] }.joined(separator: "|"),
            store.group(position).map(String.init) ?? "",
          ] + least.map { $0[position].map { "\($0)" } ?? "" }
        text += CSVText.line(fields)
      }
    }
  }
}
