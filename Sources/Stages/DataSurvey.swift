import Engine
import Foundation
import Planner
import WorkerProtocol

/// What lies at a data set's place, for `graft doctor --data`: its label files are read and its images looked for, none
/// decoded.
public enum DataSurvey {
  /// The survey of a request `{"parameters": ..., "root": ...}`: `classes`, `images` and `images_per_class` by split as the
  /// label files have them, `missing` and `first_missing` of the images that they name, `unlisted`, `shared_groups`; or
  /// `fault`, in words, and as far as that is known the others.
  public static func of(_ request: JSONValue) -> JSONValue {
    var found: [String: JSONValue] = [:]
    do {
      try survey(request, &found)
    } catch {
      let failure = StageFailure(explaining: error)
      found["fault"] = .string([failure.message, failure.remedy].compactMap(\.self).joined(separator: "; "))
    }
    return .object(found)
  }

  private static func survey(_ request: JSONValue, _ found: inout [String: JSONValue]) throws {
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("graft-survey-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    var stage = try DatasetStage(
      StageRequest(
        attempt: 0, key: StageKey(kind: .dataset, parameters: [:], inputs: []), kind: .dataset, label: "survey",
        parameters: request["parameters"] ?? .null, inputs: [], locations: ["root": request["root"]?.stringValue ?? ""],
        outputFolder: "", checkpointFolder: scratch, threads: 1, device: "cpu"))
    if case .phantom = stage.parameters.options.source { return }
    stage.looksAtLabelsAlone = true
    let context = StageContext()
    let listing = try stage.listing(context)
    found["classes"] = .array(listing.classes.map { .string($0) })
    found["missing"] = .number(Double(listing.missing.count))
    found["first_missing"] = listing.missing.first.map { .string($0) } ?? .null
    found["unlisted"] = .number(Double(listing.unlisted))
    try stage.checkGivenSplits(listing)
    let splits = try listing.splits(stage.splitOptions)
    var images: [String: JSONValue] = [:]
    var perClass: [String: JSONValue] = [:]
    for split in Split.allCases {
      let members = splits.indices.filter { splits[$0] == split }
      var counts = Array(repeating: 0, count: listing.classes.count)
      for member in members { for label in listing.items[member].label.shown { counts[label] += 1 } }
      images[split.rawValue] = .number(Double(members.count))
      perClass[split.rawValue] = .array(counts.map { .number(Double($0)) })
    }
    found["images"] = .object(images)
    found["images_per_class"] = .object(perClass)
    found["shared_groups"] = .number(Double(try stage.sharedGroups(listing, splits, context)))
  }
}
