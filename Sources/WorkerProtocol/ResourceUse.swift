import Foundation

/// What this process has used so far.
struct ResourceUse {
  let cpuSeconds: Double
  let peakMemory: Int64

  static func now() -> ResourceUse {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let seconds = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    let microseconds = Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    return ResourceUse(cpuSeconds: seconds + microseconds / 1e6, peakMemory: Int64(usage.ru_maxrss) * 1024)
  }

  /// Lets the peak be counted from the memory that the process has now.
  ///
  /// Linux: 5 resets the peak of the resident memory (proc(5), clear_refs); where that cannot be, the peak stays the
  /// process's. It walks through all pages, so it is left where the peak is what the process has anyway.
  static func resetPeak() {
    if let resident, now().peakMemory - resident < 1 << 20 { return }
    let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
  }

  /// Bytes of memory that the process has now; nil where the system does not say.
  private static var resident: Int64? {
    let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = read(file, &bytes, bytes.count)
    guard count > 0 else { return nil }
    let fields = bytes[..<count].split(separator: UInt8(ascii: " "))
    guard fields.count > 1, let pages = Int64(String(decoding: fields[1], as: UTF8.self)) else { return nil }
    return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
  }

  func cost(since start: ResourceUse) -> StageCost {
    StageCost(cpuSeconds: max(0, cpuSeconds - start.cpuSeconds), peakMemory: peakMemory)
  }
}
