import Files
import Foundation
import Hashing
import Planner
import Store

/// Whether what a run has counted of a study still holds, found without planning it: that takes seconds where the study has a
/// hundred thousand cells.
enum StatusShortcut {
  /// What a run of this study hangs on.
  ///
  /// - Parameters:
  ///   - contents: What the plan was made with.
  ///   - code: The versions of this program.
  static func key(
    of loaded: LoadedStudy, contents: [ContentRequest.ID: String], code: KindVersions, in workspace: Workspace
  ) -> SummaryKey {
    let texts = ([loaded.file.data] + loaded.file.bases.read.map(\.data)).map { String(decoding: $0, as: UTF8.self) }
    var inputs = inputs(
      text: texts[0], overrides: loaded.overrides,
      variables: variables(in: texts + loaded.overrides.map(\.value)), code: code)
    inputs["bases"] = .array(
      zip(loaded.file.bases.paths, loaded.file.bases.read).map { path, file in
        ["path": .string(path), "digest": .string(SHA256.digest(of: file.data).hex)]
      })
    inputs["contents"] = .array(
      loaded.study.contentRequests.map { request in
        ["request": request.json, "digest": .string(contents[request.id] ?? ContentRequest.missing)]
      })
    inputs["study"] = .string(loaded.study.name)
    inputs["run"] = workspace.currentRun?.json ?? .null
    return SummaryKey(name: name(loaded.file, loaded.filter?.text), inputs: .object(inputs))
  }

  /// The summary of a study, where one is kept and still holds; nil where the study has to be planned.
  ///
  /// - Throws: `CommandFailure` where something cannot be read.
  static func summary(
    of file: StudyFile, overrides: [(name: String, value: String)], filter: String?, in workspace: Workspace
  ) throws -> (study: String, summary: StudySummary)? {
    let name = name(file, filter)
    guard let kept = try explaining({ try workspace.summaryInputs(named: name) }),
      let variables = kept["variables"]?.objectValue
    else { return nil }
    let now = inputs(
      text: String(decoding: file.data, as: UTF8.self), overrides: overrides, variables: Array(variables.keys),
      code: try ProgramVersions.current())
    for (name, value) in now where kept[name] != value { return nil }
    for base in kept["bases"]?.arrayValue ?? [] {
      guard let path = base["path"]?.stringValue, let found = try? BoundedFile(path: path),
        base["digest"]?.stringValue == SHA256.digest(of: found.data).hex
      else { return nil }
    }
    for content in kept["contents"]?.arrayValue ?? [] {
      guard let request = content["request"].flatMap({ ContentRequest(json: $0) }) else { return nil }
      let digest = try explaining { try file.digest(of: request, in: workspace) }
      guard content["digest"]?.stringValue == digest else { return nil }
    }
    guard let study = kept["study"]?.stringValue, let summary = try explaining({ try workspace.summary(named: name) })
    else { return nil }
    return (study, summary)
  }

  private static func name(_ file: StudyFile, _ filter: String?) -> String {
    "\(file.folder)/\((file.name as NSString).lastPathComponent)" + (filter.map { "\n\($0)" } ?? "")
  }

  /// What can be known before anything is read.
  private static func inputs(
    text: String, overrides: [(name: String, value: String)], variables: [String], code: KindVersions
  ) -> [String: JSONValue] {
    let environment = ProcessInfo.processInfo.environment
    return [
      "program": .string(Provenance.version),
      "versions": .texts(StageKind.allCases.map { "\($0.rawValue)=\(code.ofCode($0))" }),
      "text": .string(SHA256.digest(of: text.utf8).hex),
      "set": .array(overrides.map { ["name": .string($0.name), "value": .string($0.value)] }),
      "variables": .object(
        Dictionary(variables.map { ($0, environment[$0].map { .string($0) } ?? .null) }) { first, _ in first }),
    ]
  }

  /// The environment variables that texts may stand for.
  static func variables(in texts: [String]) -> [String] {
    var names: Set<String> = []
    for text in texts {
      for part in text.components(separatedBy: "${").dropFirst() {
        names.insert(String(part.prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
      }
    }
    return names.sorted()
  }
}
