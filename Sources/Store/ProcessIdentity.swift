import Files
import Foundation
import WorkerProtocol

/// One process, told from any other that later has the same number.
public struct ProcessIdentity: Sendable, Hashable {
  public let processID: Int32
  /// Clock ticks between the machine's start and the process's (field 22 of `/proc/PID/stat`).
  public let startTicks: UInt64
  /// Which start of the machine (`/proc/sys/kernel/random/boot_id`).
  public let boot: String

  public init(processID: Int32, startTicks: UInt64, boot: String) {
    self.processID = processID
    self.startTicks = startTicks
    self.boot = boot
  }

  /// The process that has this number now; nil where there is none, or none but its unreaped remains.
  public static func running(_ processID: Int32) -> ProcessIdentity? {
    guard let bytes = try? DurableFiles.read("/proc/\(processID)/stat") else { return nil }
    // The second field is the program's name in parentheses and may hold anything, so fields count from the last one.
    guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
    guard fields.count > 19, let ticks = UInt64(String(decoding: fields[19], as: UTF8.self)) else { return nil }
    let state = fields[0].first
    guard state != UInt8(ascii: "Z"), state != UInt8(ascii: "X") else { return nil }
    return ProcessIdentity(processID: processID, startTicks: ticks, boot: currentBoot)
  }

  public static let current: ProcessIdentity =
    running(getpid()) ?? ProcessIdentity(processID: getpid(), startTicks: 0, boot: currentBoot)

  /// Whether this very process still runs on this machine.
  public var isRunning: Bool { ProcessIdentity.running(processID) == self }

  static let currentBoot: String = {
    let bytes = (try? DurableFiles.read("/proc/sys/kernel/random/boot_id")) ?? []
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }()

  /// The machine's name.
  public static let currentHost: String = {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()
}
