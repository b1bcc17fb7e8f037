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
    let analysis = StudyAnalysis(results)
    let table = PerformanceTable(analysis)
    let figures = DrawnFigure.all(analysis)
    var files = [
      ReportFile(path: "cells.csv", text: StudyTables.cells(analysis)),
      ReportFile(path: "settings.csv", text: StudyTables.settings(analysis)),
      ReportFile(path: "gains.csv", text: StudyTables.gains(analysis)),
      ReportFile(path: "history.csv", text: StudyTables.history(analysis)),
      ReportFile(path: "tables/performance.md", text: table.markdown),
      ReportFile(path: "tables/performance.tex", text: table.latex),
      ReportFile(path: "provenance.json", text: results.provenance.indentedText),
      ReportFile(path: "report.html", text: ReportPage(analysis, table: table, figures: figures).html),
    ]
    if !analysis.rateSearches.isEmpty {
      files.append(ReportFile(path: "lr_search.csv", text: StudyTables.rateSearches(analysis)))
    }
    if analysis.hasClassCounts { files.append(ReportFile(path: "classes.csv", text: StudyTables.classes(analysis))) }
    if analysis.measureKinds.contains(where: StageKind.ofLayers.contains) {
      files.append(ReportFile(path: "layers.csv", text: StudyTables.layers(analysis)))
    }
    return files
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
  ///
  /// - Throws: `FileFault` naming the file or folder that cannot be written.
  @discardableResult
  public static func write(results: StudyResults, to folder: String) throws -> [String] {
    var paths: [String] = []
    for file in renderFiles(results: results) {
      let path = folder.hasSuffix("/") ? folder + file.path : "\(folder)/\(file.path)"
      try write(Array(file.text.utf8), to: path)
      paths.append(path)
    }
    // What an earlier report of the study had and this one has not.
    for path in optionalPaths where !paths.contains(where: { $0.hasSuffix("/\(path)") }) {
      try DurableFiles.remove(folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)")
    }
    return paths
  }

  /// The files that not every study's report has.
  private static let optionalPaths =
    ["classes.csv", "lr_search.csv", "layers.csv"]
    + (["lr-search"] + DrawnFigure.ofMeasures.map(\.name)).flatMap { ["figures/\($0).svg", "figures/\($0).csv"] }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    if let present = try? DurableFiles.read(path), present == bytes { return }
    try DurableFiles.makeFolder((path as NSString).deletingLastPathComponent)
    try DurableFiles.write(bytes, to: path)
  }
}
