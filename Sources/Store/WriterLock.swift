import Files
import Foundation
import Planner
import WorkerProtocol

/// Who holds a workspace.
public struct LockHolder: Sendable, Hashable, CustomStringConvertible {
  public let process: ProcessIdentity
  public let host: String
  public let command: String
  /// Since when.
  public let since: Timestamp

  public var description: String { "process \(process.processID) on \(host) since \(since): \(command)" }

  /// Whether the holder still runs; one on another machine counts as running.
  public var isRunning: Bool { host != ProcessIdentity.currentHost || process.isRunning }

  public var json: JSONValue {
    [
      "pid": .number(Double(process.processID)), "start": .string(String(process.startTicks)),
      "boot": .string(process.boot), "host": .string(host), "command": .string(command),
      "since": .number(Double(since.milliseconds)),
    ]
  }

  init(process: ProcessIdentity, host: String, command: String, since: Timestamp) {
    self.process = process
    self.host = host
    self.command = command
    self.since = since
  }

  init?(json: JSONValue) {
    guard let processID = json["pid"]?.intValue.flatMap({ Int32(exactly: $0) }),
      let start = json["start"]?.stringValue.flatMap({ UInt64($0) }), let boot = json["boot"]?.stringValue,
      let host = json["host"]?.stringValue, let command = json["command"]?.stringValue,
      let since = json["since"]?.intValue
    else { return nil }
    self.init(
      process: ProcessIdentity(processID: processID, startTicks: start, boot: boot), host: host, command: command,
      since: Timestamp(milliseconds: Int64(since)))
  }
}

/// The right to write to a workspace: an advisory lock of the system on `.graft/lock`, with the holder's name in the file.
/// It ends with the process that holds it, whatever ends that.
final class WriterLock: Sendable {
  private let file: Int32
  /// For how many seconds the file had been left alone when this run took it, by the file system's own clock: its holder
  /// touches it again and again.
  let quietBefore: Double

  private init(file: Int32, quietBefore: Double) {
    self.file = file
    self.quietBefore = quietBefore
  }

  /// Takes its name out of the file: on another machine of a shared file system that is all that tells of the end. Unlocks
  /// before it closes: a process that is just being started has a copy of every descriptor until its program is loaded, and
  /// closing alone would leave the lock with that copy.
  deinit {
    _ = ftruncate(file, 0)
    flock(file, LOCK_UN)
    close(file)
  }

  /// - Throws: `WorkspaceError.held`, `WorkspaceError.file`.
  static func take(path: String, workspace: String, command: String) throws -> WriterLock {
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw WorkspaceError.file(.last("open", path)) }
    do {
      try wait(for: file, path: path, workspace: workspace)
    } catch {
      close(file)
      throw error
    }
    let lock = WriterLock(file: file, quietBefore: age(of: file))
    // Whoever removed the file in between lets the next one lock another.
    guard lock.isAt(path) else { return try take(path: path, workspace: workspace, command: command) }
    let holder = LockHolder(
      process: .current, host: ProcessIdentity.currentHost, command: command, since: .now)
    guard ftruncate(file, 0) == 0 else { throw WorkspaceError.file(.last("write", path)) }
    do {
      try DurableFiles.writeAll(Array(holder.json.canonicalText.utf8), to: file, path: path)
    } catch let fault as FileFault {
      throw WorkspaceError.file(fault)
    }
    return lock
  }

  /// Locks the file, or finds who has it locked.
  private static func wait(for file: Int32, path: String, workspace: String) throws {
    var patience = 20
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK else { throw WorkspaceError.file(.last("lock", path)) }
      // The holder writes its name just after it has the lock.
      let unknown = LockHolder(
        process: ProcessIdentity(processID: 0, startTicks: 0, boot: ""), host: ProcessIdentity.currentHost,
        command: "not yet named", since: .now)
      let holder = holder(path: path) ?? unknown
      // One that died while it started a worker left a copy of the lock with it, until the worker's program is loaded.
      guard !holder.isRunning, patience > 0 else { throw WorkspaceError.held(by: holder, workspace: workspace) }
      patience -= 1
      usleep(50_000)
    }
  }

  /// Says that the holder lives.
  func touch() { _ = futimens(file, nil) }

  /// How old the file's time is against a time that the file system sets now.
  private static func age(of file: Int32) -> Double {
    var before = stat()
    var after = stat()
    guard fstat(file, &before) == 0, futimens(file, nil) == 0, fstat(file, &after) == 0 else { return 0 }
    let seconds = Double(after.st_mtim.tv_sec - before.st_mtim.tv_sec)
    return seconds + Double(after.st_mtim.tv_nsec - before.st_mtim.tv_nsec) / 1e9
  }

  /// Whether the file at the path is still the one that is locked: where it was removed, another run could take the one that
  /// it makes.
  func isAt(_ path: String) -> Bool {
    var locked = stat()
    var found = stat()
    guard fstat(file, &locked) == 0, stat(path, &found) == 0 else { return false }
    return locked.st_dev == found.st_dev && locked.st_ino == found.st_ino
  }

  /// The name in the lock file, whether or not its owner still runs.
  static func holder(path: String) -> LockHolder? {
    guard let bytes = try? DurableFiles.read(path), let json = try? JSONValue(json: bytes) else { return nil }
    return LockHolder(json: json)
  }
}
