import Files
import Foundation
import Planner
import Testing

/// A workspace with stages that do as their parameters say, run by `graft-fake-run` on a cluster.
final class ScriptedStudy: Sendable {
  let root: String
  let cluster: Cluster
  private let profile: String
  /// Where the workers note each begin and end.
  var notes: String { "\(root)/notes" }
  var workspace: String { "\(root)/.graft" }

  /// - Parameter profile: Members of the profile, a line each.
  init(on cluster: Cluster, profile: String = "") throws {
    var template = Array("/tmp/graft-study-XXXXXX".utf8CString)
    root = String(cString: try #require(mkdtemp(&template)))
    self.cluster = cluster
    let usual = ["idle: 2", "poll: 1", "memory: 100M"].filter { !profile.contains($0.prefix { $0 != ":" } + ":") }
    self.profile = (usual + [profile, ""]).joined(separator: "\n")
    try DurableFiles.write(Array(self.profile.utf8), to: "\(root)/slurm.yaml")
  }

  deinit { try? DurableFiles.remove(root) }

  struct Scripted {
    let label: String
    let kind: StageKind
    var script: JSONValue = [:]
    var inputs: [String] = []
  }

  static func key(_ label: String) -> String {
    var hex = ""
    for seed in 1...4 {
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325 &* UInt64(seed)
      for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      let digits = String(hash, radix: 16)
      hex += String(repeating: "0", count: 16 - digits.count) + digits
    }
    return hex
  }

  func write(_ stages: [Scripted]) throws {
    let json = JSONValue.array(
      stages.map { stage in
        [
          "key": .string(Self.key(stage.label)), "kind": .string(stage.kind.rawValue), "label": .string(stage.label),
          "parameters": stage.script, "inputs": .array(stage.inputs.map { .string(Self.key($0)) }),
          "locations": ["journal": .string(notes)],
        ]
      })
    try DurableFiles.write(Array(json.canonicalText.utf8), to: "\(root)/plan.json")
  }

  /// A program in the place of one of Slurm's, which it finds by that name itself.
  ///
  /// - Parameter lines: Of a shell script.
  /// - Returns: The folder in which it lies.
  func program(_ name: String, _ lines: String) throws -> String {
    let folder = "\(root)/bin"
    try DurableFiles.makeFolder(folder)
    try DurableFiles.write(Array("#!/bin/sh\nPATH=${PATH#*:}\n\(lines)\n".utf8), to: "\(folder)/\(name)")
    chmod("\(folder)/\(name)", 0o755)
    return folder
  }

  /// A coordinator as a process of its own.
  ///
  /// - Parameters:
  ///   - onSlurm: Else two workers of this machine.
  ///   - programs: A folder whose programs come before Slurm's own.
  func start(onSlurm: Bool = true, programs: String? = nil) throws -> Process {
    var environment = cluster.environment
    if let programs { environment["PATH"] = "\(programs):\(Cluster.searchPath)" }
    return try Command.start(
      try Command.product("graft-fake-run"),
      [
        workspace, "\(root)/plan.json", try Command.product("graft-fake-worker"),
        onSlurm ? "slurm:\(root)/slurm.yaml" : "2",
      ],
      environment: environment, output: URL(filePath: "\(root)/said-\(UUID().uuidString)"))
  }

  func end(_ process: Process, seconds: Double = 120) async throws -> Int32 {
    try await wait("the run ends; it said: \(said)", seconds: seconds) { !process.isRunning }
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }

  /// What all coordinators said.
  var said: String {
    let names = ((try? DurableFiles.names(in: root)) ?? nil ?? []).filter { $0.hasPrefix("said-") }
    return names.sorted().map { String(decoding: (try? DurableFiles.read("\(root)/\($0)")) ?? [], as: UTF8.self) }
      .joined()
  }

  /// `begin`, `end` or `stop`, a stage's label, the process.
  func noted() throws -> [(what: String, label: String, process: String)] {
    guard access(notes, F_OK) == 0 else { return [] }
    return String(decoding: try DurableFiles.read(notes), as: UTF8.self).split(separator: "\n").map {
      let words = $0.split(separator: " ").map(String.init)
      return (words[0], words[1], words[2])
    }
  }

  func count(_ what: String, of label: String? = nil) throws -> Int {
    try noted().count { $0.what == what && (label == nil || $0.label == label) }
  }

  func hasCheckpoint(_ label: String) -> Bool {
    access("\(workspace)/checkpoints/\(Self.key(label))/step", F_OK) == 0
  }

  /// Every stage was finished once, and begun as often as it is allowed.
  func expectEachOnce(_ labels: [String], begunOnce: Bool = true) throws {
    for label in labels {
      let ends = try count("end", of: label)
      #expect(ends == 1, "\(label) was finished \(ends) times")
      if begunOnce {
        let begins = try count("begin", of: label)
        #expect(begins == 1, "\(label) was begun \(begins) times")
      }
    }
  }

  /// What a stage's file says.
  func value(_ label: String, kind: StageKind) throws -> String {
    String(
      decoding: try DurableFiles.read("\(workspace)/artifacts/\(kind.rawValue)/\(Self.key(label))/value"), as: UTF8.self
    )
  }

  /// Nothing of any run is left in the queue or in the workspace.
  func expectNothingLeft() throws {
    #expect(try cluster.active().filter { $0.name.hasPrefix("graft-") } == [])
    #expect(try DurableFiles.names(in: "\(workspace)/tmp") == [])
    #expect(access("\(workspace)/slurm", F_OK) != 0, "the conversations are still there")
  }
}
