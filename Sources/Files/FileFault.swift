import Foundation

/// A system call on a file that failed: what was being done, to which path, and the system's reason.
public struct FileFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// In the infinitive: `write`, `open`, `rename`.
  public let action: String
  public let path: String
  /// What the path was to serve as, where the action does not say so: `as a folder`.
  public let purpose: String?
  /// The system's `errno`.
  public let code: Int32

  public init(action: String, path: String, purpose: String? = nil, code: Int32) {
    self.action = action
    self.path = path
    self.purpose = purpose
    self.code = code
  }

  /// The fault that `errno` tells of right after a failed call.
  public static func last(_ action: String, _ path: String) -> FileFault {
    FileFault(action: action, path: path, code: errno)
  }

  public var reason: String { String(cString: strerror(code)) }

  public var description: String { "cannot \(action) \(path)\(purpose.map { " \($0)" } ?? ""): \(reason)" }

  /// The disk, or what the user may use of it, is full.
  public var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

  /// The place may be read but not written.
  public var isReadOnly: Bool { code == EROFS || code == EACCES || code == EPERM }

  /// What should be there is not, or is something else.
  public var isMissing: Bool { code == ENOENT || code == ENOTDIR || code == EISDIR }

  /// What to do about it.
  public var remedy: String {
    switch code {
    case ENOSPC, EDQUOT, EFBIG:
      "free some space (`df -h` shows where) and run the same command again; nothing done is lost"
    case EROFS: "the file system is mounted read-only: remount it, or name another workspace with --workspace"
    case EACCES, EPERM: "give yourself the right to it, or name another workspace with --workspace"
    case EIO:
      "the disk or file server fails (`dmesg` may say more): mend it, or move the workspace, then run the same command again;"
        + " nothing done is lost"
    case ENOENT: "check that the path is right"
    case ENOTDIR: "a part of that path is a file: move it away, or name another place"
    case EMFILE, ENFILE: "raise the limit on open files (`ulimit -n`) or use fewer jobs"
    default: "look at the disk and the path, then run the same command again"
    }
  }
}
