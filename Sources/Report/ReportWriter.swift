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
    each(StudyAnalysis(results)) { ReportFile(path: $0.path, bytes: $0.bytes().joined) }
  }

  /// One table of the report by its path; nil where this study's has none of that path.
  public static func renderTable(_ path: String, results: StudyResults) -> ReportFile? {
    let analysis = StudyAnalysis(results)
    let correlations = Once { GainCorrelation.all(analysis) }
    return tables(analysis, correlations) { PerformanceTable(analysis) }.first { $0.path == path }
      .map { ReportFile(path: path, bytes: $0.bytes().joined) }
  }

  /// A file that is yet to be rendered.
  private struct Pending: Sendable {
    let path: String
    var isLarge = false
    let bytes: @Sendable () -> BytePieces
  }

  private enum Step<Value: Sendable>: Sendable {
    case drawn(DrawnFigure)
    case taken(Value)
  }

  /// Calls a function with each file, on all cores.
  private static func each<Value: Sendable>(
    _ analysis: StudyAnalysis, tablesAlone: Bool = false, _ take: @escaping @Sendable (Pending) -> Value
  ) -> [Value] {
    let entries = tablesAlone ? [] : FigureCatalogue.of(analysis)
    // Three files show it, and two these.
    let performance = Parallel.Task { PerformanceTable(analysis) }
    let correlations = Once { GainCorrelation.all(analysis) }
    // The largest tables come first, so that the disk has them done in time; the others, of many parts, fill what time the
    // figures leave; the page, which shows every figure, comes last.
    let tables = tables(analysis, correlations) { performance.value }
    let makers: [@Sendable () -> Step<Value>] =
      tables.filter(\.isLarge).map { table in { @Sendable in .taken(take(table)) } }
      + entries.map { entry in { @Sendable in .drawn(entry.draw(analysis)) } }
      + tables.filter { !$0.isLarge }.map { table in { @Sendable in .taken(take(table)) } }
    let steps = Parallel.map(makers.count) { makers[$0]() }
    let written = steps.compactMap { if case .taken(let value) = $0 { value } else { nil } }
    if tablesAlone { return written }
    let figures = steps.compactMap { if case .drawn(let figure) = $0 { figure } else { nil } }
    let rest =
      [
        Pending(path: "report.html") {
          BytePieces(
            ReportPage(
              analysis: analysis, table: performance.value, figures: figures, correlations: correlations.value,
              besides: tables.map(\.path)
            ).html)
        }
      ]
      + figures.flatMap { drawn in
        [
          Pending(path: "figures/\(drawn.figure.name).svg") { BytePieces(drawn.svg) },
          Pending(path: "figures/\(drawn.figure.name).csv") { drawn.csv },
        ]
      }
    return written + Parallel.map(rest.count) { take(rest[$0]) }
  }

  /// The files that show no figure.
  private static func tables(
    _ analysis: StudyAnalysis, _ correlations: Once<[GainCorrelation]>,
    performance: @escaping @Sendable () -> PerformanceTable
  ) -> [Pending] {
    var files = [
      Pending(path: "cells.csv", isLarge: true) { StudyTables.cells(analysis) },
      Pending(path: "settings.csv") { StudyTables.settings(analysis) },
      Pending(path: "gains.csv") { StudyTables.gains(analysis) },
      Pending(path: "comparisons.csv") { StudyTables.comparisons(analysis) },
      Pending(path: "correlations.csv") { StudyTables.correlations(correlations.value) },
      Pending(path: "history.csv") { StudyTables.history(analysis) },
      Pending(path: "tables/performance.md") { BytePieces(performance().markdown) },
      Pending(path: "tables/performance.tex") { BytePieces(performance().latex) },
      Pending(path: "provenance.json") { BytePieces(analysis.provenance.indentedText) },
    ]
    if !analysis.rateSearches.isEmpty {
      files.append(Pending(path: "lr_search.csv") { StudyTables.rateSearches(analysis) })
    }
    if analysis.hasClassCounts { files.append(Pending(path: "classes.csv") { StudyTables.classes(analysis) }) }
    if analysis.measureKinds.contains(where: StageKind.ofLayers.contains) {
      files.append(Pending(path: "layers.csv", isLarge: true) { StudyTables.layers(analysis) })
    }
    return files
  }

  /// Writes the report into `folder`, which is made where it does not exist, and returns the paths of all its files.
  ///
  /// A file whose bytes would not change is not touched. Each other one is written beside its place and, when all are written,
  /// renamed, so a reader never sees half a file, and a disk that is full leaves the report before.
  ///
  /// - Parameters:
  ///   - results: What is recorded.
  ///   - folder: Where it is written.
  ///   - tablesAlone: Whether figures and page are left as they are.
  /// - Throws: `FileFault` naming the file or folder that cannot be written.
  @discardableResult
  public static func write(
    results: StudyResults, to folder: String, tablesAlone: Bool = false
  ) throws -> [String] {
    @Sendable func place(of path: String) -> String { folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)" }
    let analysis = StudyAnalysis(results)
    defer { Parallel.giveUp(analysis) }
    let written = each(analysis, tablesAlone: tablesAlone) { file in
      (path: file.path, output: Result { try file.bytes().output(to: place(of: file.path)) })
    }
    let outputs = try written.map { try $0.output.get() }
    for fault in Parallel.map(outputs.count, { index in Result { try outputs[index]?.commit() } }) { try fault.get() }
    // What an earlier report of the study had and this one has not.
    let optional = tablesAlone ? optionalTables : optionalTables + figurePaths
    for path in optional where !written.contains(where: { $0.path == path }) {
      try DurableFiles.remove(place(of: path))
    }
    return written.map { place(of: $0.path) }
  }

  /// The files that not every study's report has.
  private static let optionalTables = ["classes.csv", "lr_search.csv", "layers.csv"]
  private static let figurePaths = FigureCatalogue.all.flatMap {
    ["figures/\($0.name).svg", "figures/\($0.name).csv"]
  }
}
