import Foundation

/// A file system of a few megabytes, mounted for one storm, that can be filled to its last byte.
struct SmallDisk {
  let folder: String
  private var ballast: String { "\(folder)/ballast" }

  /// Says whether this process may mount: it runs as root, or in a user's own space of mounts.
  static let isPossible = ProcessInfo.processInfo.environment[OwnMounts.name] == "1"

  /// - Parameter megabytes: Its size.
  init(at folder: String, megabytes: Int) throws {
    self.folder = folder
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    guard mount("tmpfs", folder, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
      throw StormError.machine(
        "cannot mount a file system of \(megabytes) MB on \(folder): \(String(cString: strerror(errno)))")
    }
  }

  /// Takes all the room that is left.
  func fill() {
    let file = open(ballast, O_WRONLY | O_CREAT, 0o600)
    guard file >= 0 else { return }
    defer { close(file) }
    for size in [1 << 20, 1 << 12, 1] {
      let block = [UInt8](repeating: 1, count: size)
      while write(file, block, size) == size {}
    }
  }

  func empty() { unlink(ballast) }

  func remove() {
    empty()
    umount2(folder, Int32(MNT_DETACH))
  }
}

/// A space of mounts of this program's own: what it mounts nobody else sees, and it is gone with the program.
enum OwnMounts {
  static let name = "GRAFT_CHAOS_MOUNTS"

  /// Begins this program anew in such a space, where the system allows it; returns where it does not, or where it is in one.
  static func enter() {
    guard ProcessInfo.processInfo.environment[name] == nil else { return }
    let unshare = ["/usr/bin/unshare", "--mount"] + (getuid() == 0 ? [] : ["--user", "--map-root-user"])
    guard isAllowed(unshare) else { return }
    setenv(name, "1", 1)
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    var arguments = (unshare + [own] + CommandLine.arguments.dropFirst()).map { strdup($0) }
    arguments.append(nil)
    execv(unshare[0], arguments)
    unsetenv(name)
  }

  private static func isAllowed(_ unshare: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: unshare[0])
    process.arguments = Array(unshare.dropFirst()) + ["sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
