import Planner
import WorkerProtocol

extension BackboneOptions {
  /// Checks that the engine's networks do what the options ask for.
  ///
  /// - Throws: `StageFailure` for a patch size or dropped paths: its networks have their own patches and drop nothing.
  func checkNetwork(_ label: String) throws {
    var asked: [String] = []
    if let patchSize { asked.append("patch_size \(patchSize)") }
    if let dropPath, dropPath > 0 { asked.append("drop_path \(dropPath)") }
    guard asked.isEmpty else {
      throw StageFailure(
        .spec, "\(label): \(asked.joined(separator: " and ")) cannot be done by this version's networks",
        remedy: "leave it out")
    }
  }
}
