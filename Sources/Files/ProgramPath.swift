import Foundation

/// Where programs lie.
public enum ProgramPath {
  /// The first of this name on the folders of `PATH` that can be run; nil where there is none.
  public static func of(_ program: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
    return folders.lazy.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 && !DurableFiles.isFolder($0) }
  }
}
