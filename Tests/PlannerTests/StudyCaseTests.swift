import Foundation
import Planner
import Testing

/// A folder of cases: a study, and exactly what reading or planning it must say.
///
/// `GRAFT_RECORD=1` writes what is said now over the expectations, and fails, so that nobody records by accident.
@Suite struct StudyCaseTests {
  @Test("a study gives exactly its expected faults or plan", arguments: StudyCase.all)
  func expected(_ studyCase: StudyCase) throws {
    let said = try studyCase.said()
    if ProcessInfo.processInfo.environment["GRAFT_RECORD"] == "1" {
      try said.write(to: studyCase.folder.appending(path: "expected.txt"), atomically: true, encoding: .utf8)
      Issue.record("recorded \(studyCase.name): read it, then run again without GRAFT_RECORD")
      return
    }
    #expect(try said == studyCase.expected(), "\(studyCase.name)")
  }

  @Test func thereAreCases() {
    #expect(StudyCase.all.count >= 110)
  }
}

/// One folder of `Tests/GridCases`: `study.yaml`, the files that it extends, `expected.txt`, and where needed `options.txt` with
/// a line for each `--set` (`NAME=VALUE`), `--only` (`only FILTER`) and environment variable (`env NAME=VALUE`).
struct StudyCase: Sendable, CustomTestStringConvertible {
  let folder: URL
  var name: String { folder.lastPathComponent }
  var testDescription: String { name }

  static let all: [StudyCase] = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "GridCases")
    let folders = (try? FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: nil)) ?? []
    return folders.filter { !$0.lastPathComponent.hasPrefix(".") }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }.map(StudyCase.init)
  }()

  /// The study's text; nil where it is none.
  var text: String? { try? String(contentsOf: folder.appending(path: "study.yaml"), encoding: .utf8) }

  func expected() throws -> String {
    try String(contentsOf: folder.appending(path: "expected.txt"), encoding: .utf8)
  }

  /// Whether something beside the file counts.
  var hasOptions: Bool { FileManager.default.fileExists(atPath: folder.appending(path: "options.txt").path) }

  /// The faults as shown, or a summary of the plan.
  func said() throws -> String {
    var overrides: [(name: String, value: String)] = []
    var environment: [String: String] = [:]
    var filter: CellFilter?
    let options = (try? String(contentsOf: folder.appending(path: "options.txt"), encoding: .utf8)) ?? ""
    for line in options.split(separator: "\n") {
      if line.hasPrefix("only ") {
        do { filter = try CellFilter(String(line.dropFirst(5))) } catch { return error.description }
        continue
      }
      let isVariable = line.hasPrefix("env ")
      let pair = line.dropFirst(isVariable ? 4 : 0).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if isVariable {
        environment[String(pair[0])] = String(pair[1])
      } else {
        overrides.append((String(pair[0]), String(pair[1])))
      }
    }
    let data = try Data(contentsOf: folder.appending(path: "study.yaml"))
    do {
      let study = try StudyReader.read(
        data: data, fileName: "study.yaml", environment: environment, overrides: overrides, bases: bases)
      return Self.summary(of: study, filter: filter)
    } catch {
      return error.description
    }
  }

  /// The other files of the folder.
  private var bases: BaseFiles {
    BaseFiles(ownIdentity: folder.appending(path: "study.yaml").standardizedFileURL.path) {
      [folder] (path) throws(BaseFiles.Unreadable) in
      let file = folder.appending(path: path).standardizedFileURL
      guard let data = try? Data(contentsOf: file) else { throw BaseFiles.Unreadable("there is no such file") }
      return BaseFiles.File(name: path, data: data, identity: file.path)
    }
  }

  private static func summary(of study: Study, filter: CellFilter?) -> String {
    let plan = study.plan(contents: [:], filter: filter)
    let labels = Dictionary(uniqueKeysWithValues: plan.stages.map { ($0.key, $0.label) })
    var lines = ["study \(plan.study): \(plan.cells.count) cells, \(plan.stages.count) stages"]
    for kind in StageKind.allCases {
      let count = plan.stages.count { $0.kind == kind }
      if count > 0 { lines.append("  \(kind.rawValue): \(count)") }
    }
    for request in study.contentRequests { lines.append("content \(request.id): \(request.path) \(request.scope)") }
    lines.append("resources \(plan.resources)")
    for cell in plan.cells.prefix(40) { lines.append("cell \(cell.id) by \(cell.metric)") }
    for stage in plan.stages.prefix(16) {
      let inputs = stage.inputs.map { "\($0.role): \(labels[$0.key] ?? "?")" }.joined(separator: ", ")
      lines.append("stage \(stage.key.short) \(stage.label)\(inputs.isEmpty ? "" : " <- \(inputs)")")
    }
    var trainings: [String] = []
    for stage in plan.stages where stage.kind == .train || stage.kind == .pretrain {
      guard let training = stage.parameters["training"], case .object(var members) = training else { continue }
      // The pipelines are long and have tests of their own.
      members["transforms"] = nil
      let text = JSONValue.object(members).canonicalText
      if !trainings.contains(text) {
        trainings.append(text)
        lines.append("training of \(stage.label): \(text)")
      }
    }
    for stage in plan.stages where stage.kind == .dataset {
      lines.append("options of \(stage.label): \(stage.parameters.canonicalText)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
