import Foundation
import Planner
import Serve
import Store
import StudyWatch
import Testing

/// A study in a folder of its own, run by the built `graft` with workers that compute nothing.
final class RunStudy: ServedStudy {
  let root: String
  private let actions: ActionProcesses
  /// What workers are told, for runs begun here and retries begun by the server.
  private let worker: [String: String]

  var folder: String { "\(root)/.graft" }
  private var file: String { "\(root)/small.yaml" }

  /// Two backbones, three initialisations, two seeds: 12 cells.
  static let text = """
    study: small
    axes:
      dataset: [grading]
      backbone: [resnet_micro, vit_micro]
      fraction: [1.0]
      init: [RI, ST, WT]
    seeds: 2
    training: {epochs: 1, batch_size: 32, image_size: 32}
    datasets:
      shapes: {format: phantom, domain: source, images: {train: 200, val: 40, test: 40}, size: 40, seed: 7}
      grading: {format: phantom, domain: grading, images: {train: 96, val: 40, test: 40}, size: 40, seed: 8}
    weights:
      resnet_micro: {pretrain: {dataset: shapes, epochs: 1}}
      vit_micro: {pretrain: {dataset: shapes, epochs: 1}}
    resources: {jobs: 2, threads_per_job: 1}

    """

  /// - Parameters:
  ///   - seconds: How long a training takes; nil for no time.
  ///   - fails: A part of the labels of stages that fail.
  init(seconds: Double? = nil, fails: String? = nil) throws {
    var template = Array("\(NSTemporaryDirectory())graft-serve-XXXXXX".utf8CString)
    let made = try #require(mkdtemp(&template))
    let root = String(cString: made)
    self.root = root
    worker = ["GRAFT_HOLLOW_SECONDS": seconds.map { "\($0)" }, "GRAFT_HOLLOW_FAILS": fails].compactMapValues(\.self)
    actions = ActionProcesses(program: try Self.program("graft"), logFolder: "\(root)/.graft/logs") { action in
      switch action {
      case .stop(let atOnce): ["stop", "\(root)/small.yaml"] + (atOnce ? ["--now"] : [])
      case .retry(let only): ["retry", "\(root)/small.yaml"] + [only].compactMap(\.self)
      }
    }
    try write(Self.text, to: "small.yaml")
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// The products lie beside the test bundle.
  static func program(_ name: String) throws -> String {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return "\((own as NSString).deletingLastPathComponent)/\(name)"
  }

  func write(_ text: String, to path: String) throws {
    let whole = "\(root)/\(path)"
    try FileManager.default.createDirectory(
      atPath: (whole as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: whole))
  }

  /// Begins `graft run`.
  func begin() throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try Self.program("graft"))
    process.arguments = ["run", file, "--quiet"]
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GRAFT_") }
    environment["GRAFT_WORKER"] = try Self.program("graft-hollow-worker")
    process.environment = environment.merging(worker) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// Runs it to its end.
  ///
  /// - Returns: The exit status.
  @discardableResult
  func run() throws -> Int32 {
    let process = try begin()
    process.waitUntilExit()
    return process.terminationStatus
  }

  func read() throws -> WatchedStudy {
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    do {
      let plan = try StudyReader.read(data: data, fileName: "small.yaml", environment: [:]).plan(contents: [:])
      var study = WatchedStudy(plan, in: try Workspace.openForReading(folder))
      _ = try study.look(at: .now)
      return study
    } catch {
      throw ServeFault("\(error)")
    }
  }

  func changedFile() -> String? {
    (try? Data(contentsOf: URL(fileURLWithPath: file))) == Data(Self.text.utf8) ? nil : "small.yaml"
  }

  func begin(_ action: StudyAction) throws -> Int32 { try actions.begin(action) }

  var notices: [String] { actions.notices }
}
