import Files
import Foundation

extension PilotFolder {
  /// Claims the folder's requests, once and for all.
  ///
  /// - Parameter owner: Who claims them, for people.
  /// - Returns: Whether nobody had.
  /// - Throws: `FileFault`.
  public func takeClaim(owner: String) throws -> Bool {
    let file = open(claim, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      if errno == EEXIST { return false }
      throw FileFault.last("claim", claim)
    }
    defer { close(file) }
    try DurableFiles.writeAll(Array("\(owner)\n".utf8), to: file, path: claim)
    guard fsync(file) == 0 || errno == EINVAL else { throw FileFault.last("sync", claim) }
    return true
  }

  /// Whether a pilot, or the coordinator in its place, has claimed the requests.
  public var isClaimed: Bool { access(claim, F_OK) == 0 }

  /// Whether it was a coordinator that claimed them.
  public var isClaimedByCoordinator: Bool {
    String(decoding: (try? DurableFiles.read(claim)) ?? [], as: UTF8.self).hasPrefix(Self.coordinator)
  }

  /// Claims the requests for a coordinator, which gives them to another pilot.
  ///
  /// - Throws: `FileFault`.
  public func takeBack() throws -> Bool { try takeClaim(owner: "\(Self.coordinator), process \(getpid())") }

  private static let coordinator = "graft"

  /// Makes a pilot that still runs end within seconds.
  ///
  /// - Throws: `FileFault`.
  public func revoke() throws { try DurableFiles.write([], to: revocation) }

  public var isRevoked: Bool { access(revocation, F_OK) == 0 }

  /// What the worker ended with; nil where its script did not live to say.
  public var workerStatus: Int32? {
    guard let bytes = try? DurableFiles.read(exitStatus) else { return nil }
    return Int32(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
