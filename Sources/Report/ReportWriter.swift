import Foundation
import Store

/// Turns a study's results into the files of its report.
public enum ReportWriter {
  /// Every file of the report, in a fixed order: a pure function, the same results give the same bytes.
  ///
  /// The files are the same for every study; where there is nothing to show, a table has its header alone and a figure
  /// says what is missing. So a report never leaves files of an earlier one behind.
  public static func renderFiles(results: StudyResults) -> [ReportFile] {
    let analysis = StudyAnalysis(results)
    let table = PerformanceTable(analysis)
    let figures = DrawnFigure.all(analysis)
    return [
      ReportFile(path: "cells.csv", text: StudyTables.cells(analysis)),
      ReportFile(path: "settings.csv", text: StudyTables.settings(analysis)),
      ReportFile(path: "gains.csv", text: StudyTables.gains(analysis)),
      ReportFile(path: "history.csv", text: StudyTables.history(analysis)),
      ReportFile(path: "tables/performance.md", text: table.markdown),
      ReportFile(path: "tables/performance.tex", text: table.latex),
      ReportFile(path: "provenance.json", text: results.provenance.indentedText),
      ReportFile(path: "report.html", text: ReportPage(analysis, table: table, figures: figures).html),
    ]
      + figures.flatMap { drawn in
        [
          ReportFile(path: "figures/\(drawn.figure.name).svg", text: drawn.figure.svg),
          ReportFile(path: "figures/\(drawn.figure.name).csv", text: drawn.csv),
        ]
      }
  }

  /// Writes the report into `folder`, which is made where it does not exist, and returns the paths of all its files.
  ///
  /// A file whose bytes would not change is not touched. Each other one is written beside its place and renamed, so a
  /// reader never sees half a file.
  @discardableResult
  public static func write(results: StudyResults, to folder: String) throws(ReportError) -> [String] {
    var paths: [String] = []
    for file in renderFiles(results: results) {
      let path = folder.hasSuffix("/") ? folder + file.path : "\(folder)/\(file.path)"
      try write(Data(file.text.utf8), to: path)
      paths.append(path)
    }
    return paths
  }

  private static func write(_ bytes: Data, to path: String) throws(ReportError) {
    let files = FileManager.default
    if files.contents(atPath: path) == bytes { return }
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw ReportError(action: .makeFolder, path: folder, reason: systemReason(folder))
    }
    let draft = "\(path).\(getpid()).part"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw ReportError(action: .write, path: path, reason: lastReason()) }
    var failure = bytes.withUnsafeBytes { buffer -> String? in
      var done = 0
      while done < buffer.count {
        let count = Foundation.write(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          return lastReason()
        }
        done += count
      }
      return fsync(descriptor) == 0 ? nil : lastReason()
    }
    if close(descriptor) != 0, failure == nil { failure = lastReason() }
    if failure == nil, rename(draft, path) != 0 { failure = lastReason() }
    if let failure {
      unlink(draft)
      throw ReportError(action: .write, path: path, reason: failure)
    }
  }

  private static func lastReason() -> String { String(cString: strerror(errno)) }

  /// Why a folder could not be made: Foundation's own error says it in no words a person can use.
  private static func systemReason(_ folder: String) -> String {
    var status = stat()
    var parent = folder
    while !parent.isEmpty, parent != "/", stat(parent, &status) != 0 {
      parent = (parent as NSString).deletingLastPathComponent
    }
    if parent.isEmpty { parent = "." }
    if stat(parent, &status) == 0, status.st_mode & S_IFMT != S_IFDIR { return "\(parent) is a file, not a folder" }
    return access(parent, W_OK) != 0 ? "\(parent): \(lastReason())" : "the disk may be full"
  }
}

/// A file or folder of a report that could not be written.
public struct ReportError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Action: Sendable, Hashable {
    case makeFolder
    case write
  }

  public let action: Action
  public let path: String
  /// The system's own words.
  public let reason: String

  public init(action: Action, path: String, reason: String) {
    self.action = action
    self.path = path
    self.reason = reason
  }

  public var description: String {
    let attempt =
      switch action {
      case .makeFolder: "cannot make the folder \(path) for the report"
      case .write: "cannot write \(path)"
      }
    return
      "\(attempt): \(reason). Make room or give write access there, then run `graft report` again; no result is lost."
  }
}
