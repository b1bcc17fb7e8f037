import Files
import Foundation

/// The processes of one storm, whoever started them: they carry its mark in their environment.
struct LiveProcesses {
  static let markName = "GRAFT_CHAOS_MARK"
  let mark: String

  struct Found {
    let id: Int32
    /// The executable's name.
    let program: String
    /// What its standard output goes to.
    let output: String

    var isWorker: Bool { program == "graft-worker" || program == "graft-hollow-worker" }

    /// The stage that a worker works on, by its key: what a stage prints goes to a file below the folder of its key.
    var stage: String? {
      let parts = output.split(separator: "/")
      guard isWorker, parts.count >= 3, parts[parts.count - 3] == "logs", parts[parts.count - 2].count == 64 else {
        return nil
      }
      return String(parts[parts.count - 2])
    }
  }

  /// Those that live; not those that have ended and are waited for by nobody.
  func all() -> [Found] {
    let names = (try? DurableFiles.names(in: "/proc")) ?? nil ?? []
    return names.compactMap { name in
      guard let id = Int32(name), id != getpid(), carriesMark(id), let program = Self.link("/proc/\(id)/exe") else {
        return nil
      }
      return Found(
        id: id, program: (program as NSString).lastPathComponent, output: Self.link("/proc/\(id)/fd/1") ?? "")
    }
  }

  func workers() -> [Found] { all().filter(\.isWorker) }

  private func carriesMark(_ id: Int32) -> Bool {
    guard let environment = FileManager.default.contents(atPath: "/proc/\(id)/environ") else { return false }
    return environment.range(of: Data("\(Self.markName)=\(mark)\0".utf8)) != nil
  }

  private static func link(_ path: String) -> String? {
    try? FileManager.default.destinationOfSymbolicLink(atPath: path)
  }
}
