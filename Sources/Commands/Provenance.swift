import Foundation
import Planner
import Store

/// What a study's numbers were made with: kept with the study, written beside its results.
enum Provenance {
  /// Nothing in it depends on the time, so that the same study on the same machine has the same.
  ///
  /// - Parameter before: What is recorded of it; a worker that does not answer now has answered then.
  static func source(of loaded: LoadedStudy, before: StudySource?) -> StudySource {
    let asked = worker
    var system = utsname()
    uname(&system)
    let facts: JSONValue = [
      "graft": .string(version), "system": .string(text(of: system.sysname) + " " + text(of: system.machine)),
      "cores": .number(Double(ProcessInfo.processInfo.activeProcessorCount)),
      "worker": asked == .null ? before?.facts["worker"] ?? .null : asked,
    ]
    return StudySource(
      name: loaded.study.name, file: loaded.file.name, text: String(decoding: loaded.file.data, as: UTF8.self),
      facts: facts, overrides: loaded.overrides,
      bases: loaded.file.bases.read.map {
        StudySource.Base(file: $0.name, text: String(decoding: $0.data, as: UTF8.self))
      })
  }

  static let version = "0.1.0"

  /// The worker's libraries; null where it does not say, asked three times: one that is killed while it is asked says nothing,
  /// and what a whole run is recorded with must not rest on that.
  private static var worker: JSONValue {
    for _ in 0..<3 {
      if let facts = try? WorkerProgram.facts().facts { return facts }
    }
    return .null
  }

  private static func text<Tuple>(of characters: Tuple) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
