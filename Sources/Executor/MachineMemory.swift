import Files
import Foundation

/// The memory of this machine, as far as this process may have it.
public enum MachineMemory {
  /// Bytes that could be had now without swapping: what the system has available, within what the process's control group is
  /// given. Nil where the system does not say.
  public static func available() -> Int64? {
    let free = field("MemAvailable:", of: text("/proc/meminfo")).map { $0 * 1024 }
    let room = ControlGroup.current.flatMap { group -> Int64? in
      guard let limit = group.memoryLimit else { return nil }
      // What the group uses includes the cache of files, which gives way.
      return max(0, limit - (group.memoryOfProcesses ?? 0))
    }
    return [free, room].compactMap(\.self).min()
  }

  /// Bytes of resident memory that a process has now; nil where there is none.
  static func resident(_ processID: Int32) -> Int64? {
    let fields = text("/proc/\(processID)/statm").split(separator: " ")
    guard fields.count > 1, let pages = Int64(fields[1]) else { return nil }
    return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }

  fileprivate static func text(_ path: String) -> String {
    String(decoding: (try? DurableFiles.read(path)) ?? [], as: UTF8.self)
  }

  /// The number behind a name at the beginning of a line.
  static func field(_ name: String, of text: String) -> Int64? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      return line.dropFirst(name.count).split(separator: " ").first.flatMap { Int64($0) }
    }
    return nil
  }
}

/// The control group of this process, which its workers are in too, of either version.
struct ControlGroup {
  private let folder: String
  private let isUnified: Bool

  static let current: ControlGroup? = {
    for line in MachineMemory.text("/proc/self/cgroup").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isUnified = parts[1].isEmpty
      guard isUnified || parts[1].split(separator: ",").contains("memory") else { continue }
      let root = isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
      let file = isUnified ? "memory.events" : "memory.oom_control"
      // In a container the group's path is that of the outside, and its files lie at the root.
      for folder in ["\(root)\(parts[2])", root] where access("\(folder)/\(file)", R_OK) == 0 {
        return ControlGroup(folder: folder, isUnified: isUnified)
      }
    }
    return nil
  }()

  var memoryLimit: Int64? {
    let name = isUnified ? "memory.max" : "memory.limit_in_bytes"
    let text = MachineMemory.text("\(folder)/\(name)").trimmingCharacters(in: .whitespacesAndNewlines)
    // Version 1 says "no limit" by a number larger than any machine.
    return Int64(text).flatMap { $0 < 1 << 60 ? $0 : nil }
  }

  var memoryOfProcesses: Int64? {
    MachineMemory.field(isUnified ? "anon " : "rss ", of: MachineMemory.text("\(folder)/memory.stat"))
  }

  /// How many of its processes were killed for want of memory.
  var memoryKills: Int? {
    MachineMemory.field(
      "oom_kill ", of: MachineMemory.text("\(folder)/\(isUnified ? "memory.events" : "memory.oom_control")")
    )
    .map(Int.init)
  }
}

/// How many processes the system has ended for want of memory: of the whole machine, and of this process's control group.
enum MemoryKills {
  /// Nil where nothing here counts them.
  static var count: Int? {
    let machine = MachineMemory.field("oom_kill ", of: MachineMemory.text("/proc/vmstat")).map(Int.init)
    let group = ControlGroup.current?.memoryKills
    return machine == nil && group == nil ? nil : (machine ?? 0) + (group ?? 0)
  }

  /// Whether a process that was killed, by nobody known, was so for want of memory: where kills are counted, there was one;
  /// where they are not, nothing else is as likely.
  static func tell(before: Int?, after: Int?) -> Bool {
    guard let before, let after else { return true }
    return after > before
  }
}
