import Files
import Foundation
import WorkerProtocol

/// How a stage's checkpoint folder looked at one moment: enough to tell whether an attempt got any further.
struct CheckpointMark: Sendable, Hashable {
  private let files: [String: [Int64]]

  /// A folder that is not there, or cannot be read, has no checkpoint.
  init(folder: String) {
    var files: [String: [Int64]] = [:]
    for name in (try? DurableFiles.names(in: folder)) ?? nil ?? [] {
      var status = stat()
      guard stat("\(folder)/\(name)", &status) == 0 else { continue }
      files[name] = [
        Int64(status.st_size), Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
        Int64(truncatingIfNeeded: status.st_ino),
      ]
    }
    self.files = files
  }

  func isAhead(of earlier: CheckpointMark) -> Bool { !files.isEmpty && files != earlier.files }
}
