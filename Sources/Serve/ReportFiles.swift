import Files
import Foundation
import Planner

/// What `graft report` wrote, to be looked at: the page, figures and tables.
struct ReportFiles: Sendable {
  private let folder: ClosedFolder

  /// The types of file that a report has. Text is shown, not run.
  private static let types = [
    "html": "text/html; charset=utf-8", "svg": "image/svg+xml", "csv": "text/csv; charset=utf-8",
    "md": "text/plain; charset=utf-8", "tex": "text/plain; charset=utf-8", "json": "application/json; charset=utf-8",
    "png": "image/png",
  ]
  /// The largest file that is sent, in bytes.
  private static let limit = 64 << 20
  /// So many files are listed.
  private static let listed = 500

  init(folder: String) { self.folder = ClosedFolder(path: folder) }

  /// A file by its names below the report's folder; nil where there is none.
  ///
  /// - Parameter known: What the viewer has of it.
  func answer(_ names: [String], known: String?) -> Answer? {
    guard let type = names.last.flatMap({ Self.types[($0 as NSString).pathExtension] }) else { return nil }
    guard let stamp = folder.stamp(names) else { return nil }
    var answer = Answer(type: type, body: Data(), tag: stamp)
    answer.policy = .report
    if known == stamp { return answer }
    guard let file = folder.file(names, limit: Self.limit, mustFit: true) else { return nil }
    answer.body = file.bytes
    return answer
  }

  /// Which files there are, by their paths below the report's folder.
  func list() -> JSONValue {
    var paths: [String] = []
    func add(_ below: String) {
      let entries = (try? DurableFiles.entries(in: "\(folder.path)/\(below)")) ?? []
      for entry in entries.sorted(by: { $0.name < $1.name }) where ClosedFolder.isName(entry.name) {
        guard paths.count < Self.listed else { return }
        let path = below.isEmpty ? entry.name : "\(below)/\(entry.name)"
        switch entry.kind {
        case .file where Self.types[(entry.name as NSString).pathExtension] != nil: paths.append(path)
        case .folder where below.isEmpty: add(path)
        default: break
        }
      }
    }
    add("")
    return ["files": .array(paths.map { .string($0) }), "page": .bool(paths.contains("report.html"))]
  }
}
