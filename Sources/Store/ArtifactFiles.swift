import Files
import Foundation
import Hashing
import Planner
import WorkerProtocol

/// One file of an artifact.
public struct ArtifactFile: Sendable, Hashable {
  /// Relative to the artifact's folder.
  public let name: String
  public let bytes: Int64
  /// Lower-case hexadecimal SHA-256.
  public let sha256: String

  public init(name: String, bytes: Int64, sha256: String) {
    self.name = name
    self.bytes = bytes
    self.sha256 = sha256
  }
}

extension Workspace {
  /// Moves an attempt's complete output to where artifacts lie, as one step, safe against a power cut.
  ///
  /// - Returns: Whether there was any: a stage that made no files has no folder.
  /// - Throws: `WorkspaceError`.
  public func keepArtifact(from output: String, kind: StageKind, key: StageKey) throws -> Bool {
    guard access(output, F_OK) == 0 else { return false }
    let target = artifactFolder(kind: kind, key: key)
    let shelf = "\(folder)/artifacts/\(kind.rawValue)"
    return try translatingFaults {
      if rename(output, target) != 0 {
        switch errno {
        case ENOENT:
          try DurableFiles.makeFolder(shelf)
        case ENOTEMPTY, EEXIST:
          // What lies there is no known result, or this attempt would not have run.
          let aside = "\(output).replaced"
          guard rename(target, aside) == 0 else { throw FileFault.last("move", target) }
          try DurableFiles.remove(aside)
        default: throw FileFault.last("move", output)
        }
        guard rename(output, target) == 0 else { throw FileFault.last("move", output) }
      }
      try DurableFiles.synchronise(shelf)
      return true
    }
  }

  /// The files of an artifact with their digests, by name.
  ///
  /// - Throws: `WorkspaceError.file`.
  public func artifactFiles(kind: StageKind, key: StageKey) throws -> [ArtifactFile] {
    let root = artifactFolder(kind: kind, key: key)
    return try translatingFaults {
      var files: [ArtifactFile] = []
      try FileTree(root: root).walk { path, status in
        let digest = try SHA256Digest(ofFile: "\(root)/\(path)")
        files.append(ArtifactFile(name: path, bytes: Int64(status.st_size), sha256: digest.hex))
      }
      return files.sorted { $0.name < $1.name }
    }
  }

  /// The outcome that lies in an artifact; nil where it is not there or not whole.
  func artifactOutcome(kind: StageKind, key: StageKey) -> StageOutcome? {
    StageOutcome(leftIn: artifactFolder(kind: kind, key: key))
  }

  /// The outcome of an attempt whose output lies complete, though nobody said so; nil where it does not.
  public func completeOutcome(attempt: Int64, kind: StageKind, key: StageKey) -> StageOutcome? {
    StageOutcome(leftIn: outputFolder(attempt: attempt, kind: kind, key: key))
  }

  func translatingFaults<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let fault as FileFault {
      throw WorkspaceError.file(fault)
    }
  }
}
