/// The processors that the kernel lets this process run on.
public enum AllowedProcessors {
  /// Names, in a worker's environment, those that it is to keep to: `0,1,2`.
  public static let variable = "GRAFT_PROCESSORS"

  /// As proc(5) has it in `Cpus_allowed_list`, such as `0-3,8`; empty where the kernel does not say.
  public static var list: String {
    let status = String(decoding: (try? DurableFiles.read("/proc/self/status")) ?? [], as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    return line?.split(separator: ":").last.map { String($0.drop { $0 == "\t" || $0 == " " }) } ?? ""
  }

  /// Ascending.
  public static var numbers: [Int] {
    list.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last else { return [] }
      return Array(first...last)
    }
  }
}
