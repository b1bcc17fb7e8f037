import Files
import Foundation
import Planner
import Store
import WorkerProtocol

/// Turns a study's results into the files of its report.
public enum ReportWriter {
  /// Every file of the report, in a fixed order: a pure function, the same results give the same bytes.
  ///
  /// The files are the same for every study but for those of learning rates, which only studies that search for them have, of
  /// measures, which only studies that ask for them have, and of classes, which are there when a data set's images are
  /// counted; where there is nothing to show, a table has its header alone and a figure says what is missing.
  public static func renderFiles(results: StudyResults) -> [ReportFile] {
    files(results: results).map { ReportFile(path: $0.path, bytes: $0.bytes().joined) }
  }

  /// One file of the report; nil where this study's has none of that path.
  public static func renderFile(_ path: String, results: StudyResults) -> ReportFile? {
    files(results: results).first { $0.path == path }.map { ReportFile(path: path, bytes: $0.bytes().joined) }
  }

  /// A file that is yet to be rendered.
  private struct Pending: Sendable {
    let path: String
    let bytes: @Sendable () -> BytePieces
  }

  private static func files(results: StudyResults) -> [Pending] {
    let analysis = StudyAnalysis(results)
    let table = PerformanceTable(analysis)
    let figures = DrawnFigure.all(analysis)
    var files = [
      Pending(path: "cells.csv") { StudyTables.cells(analysis) },
      Pending(path: "settings.csv") { StudyTables.settings(analysis) },
      Pending(path: "gains.csv") { StudyTables.gains(analysis) },
      Pending(path: "history.csv") { StudyTables.history(analysis) },
      Pending(path: "tables/performance.md") { BytePieces(table.markdown) },
      Pending(path: "tables/performance.tex") { BytePieces(table.latex) },
      Pending(path: "provenance.json") { BytePieces(results.provenance.indentedText) },
      Pending(path: "report.html") { BytePieces(ReportPage(analysis, table: table, figures: figures).html) },
    ]
    if !analysis.rateSearches.isEmpty {
      files.append(Pending(path: "lr_search.csv") { StudyTables.rateSearches(analysis) })
    }
    if analysis.hasClassCounts { files.append(Pending(path: "classes.csv") { StudyTables.classes(analysis) }) }
    if analysis.measureKinds.contains(where: StageKind.ofLayers.contains) {
      files.append(Pending(path: "layers.csv") { StudyTables.layers(analysis) })
    }
    return files
      + figures.flatMap { drawn in
        [
          Pending(path: "figures/\(drawn.figure.name).svg") { BytePieces(drawn.svg) },
          Pending(path: "figures/\(drawn.figure.name).csv") { drawn.csv },
        ]
      }
  }

  /// Writes the report into `folder`, which is made where it does not exist, and returns the paths of all its files.
  ///
  /// A file whose bytes would not change is not touched. Each other one is written beside its place and renamed, so a
  /// reader never sees half a file.
  ///
  /// - Throws: `FileFault` naming the file or folder that cannot be written.
  @discardableResult
  public static func write(results: StudyResults, to folder: String) throws -> [String] {
    let files = files(results: results)
    func place(of path: String) -> String { folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)" }
    let paths = files.map { place(of: $0.path) }
    let faults = Parallel.map(files.count) { index -> (any Error)? in
      do {
        try write(files[index].bytes(), to: paths[index])
        return nil
      } catch {
        return error
      }
    }
    for fault in faults { if let fault { throw fault } }
    // What an earlier report of the study had and this one has not.
    for path in optionalPaths where !files.contains(where: { $0.path == path }) {
      try DurableFiles.remove(place(of: path))
    }
    return paths
  }

  /// The files that not every study's report has.
  private static let optionalPaths =
    ["classes.csv", "lr_search.csv", "layers.csv"]
    + (["lr-search"] + DrawnFigure.ofMeasures.map(\.name)).flatMap { ["figures/\($0).svg", "figures/\($0).csv"] }

  private static func write(_ bytes: BytePieces, to path: String) throws {
    if bytes.isContent(of: path) { return }
    try DurableFiles.makeFolder((path as NSString).deletingLastPathComponent)
    try bytes.write(to: path)
  }
}
