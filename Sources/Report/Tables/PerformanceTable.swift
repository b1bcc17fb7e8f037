import Store

/// The study's main table: a row for each case, a column for each initialisation, mean and sd of n runs.
package struct PerformanceTable: Sendable {
  /// The headings of the columns that name a row.
  package let rowHeadings: [String]
  package let initialisations: [String]
  package let rows: [Row]
  /// The settings with fewer runs than planned, one sentence each.
  package let notes: [String]

  package struct Row: Sendable {
    package let transferCase: TransferCase
    package let names: [String]
    /// One for each initialisation; nil where the study plans no such setting.
    package let entries: [Entry?]
  }

  package struct Entry: Sendable {
    package let n: Int
    package let planned: Int
    /// Texts of three decimals; nil without runs, and for the sd with one.
    package let mean: String?
    package let sd: String?
    /// Whether no setting of the row has a higher mean as printed.
    package let isBest: Bool
    package let absences: String

    package var isComplete: Bool { n == planned }
    /// Whether its mean is of too few runs for what the study's paper reports.
    package var isOfFewRuns: Bool { n > 0 && n < PerformanceTable.fewRuns }
    /// What follows its number of runs: daggers for fewer than planned, double ones for fewer than five.
    package var marks: String {
      (isComplete ? "" : PerformanceTable.incompleteMark) + (isOfFewRuns ? PerformanceTable.fewRunsMark : "")
    }
  }

  package init(_ analysis: StudyAnalysis) {
    let showsFraction = analysis.fractions.count > 1
    rowHeadings =
      ["Data set", "Metric", "Backbone"] + (showsFraction ? ["Fraction"] : []) + analysis.furtherAxes
    initialisations = analysis.initialisations
    var rows: [Row] = []
    var notes: [String] = []
    for transferCase in analysis.cases {
      let settings = analysis.initialisations.map { analysis.setting(transferCase, $0) }
      guard let metric = settings.compactMap({ $0?.metric }).first else { continue }
      let means = settings.map { $0?.summary.map { NumberText.fixed($0.mean, 3) } }
      let best = settings.compactMap { $0?.summary?.mean }.max().map { NumberText.fixed($0, 3) }
      let compared = means.count { $0 != nil } > 1
      let entries = zip(settings, means).map { setting, mean -> Entry? in
        guard let setting else { return nil }
        return Entry(
          n: setting.n, planned: setting.planned, mean: mean,
          sd: setting.summary?.sd.map { NumberText.fixed($0, 3) },
          isBest: compared && mean != nil && mean == best, absences: setting.absences)
      }
      let further = analysis.furtherAxes.map { name in
        transferCase.furtherAxes.first { $0.name == name }?.value ?? ""
      }
      let names =
        [transferCase.dataset, MetricName.plain(metric), transferCase.backbone]
        + (showsFraction ? [NumberText.exact(transferCase.fraction)] : []) + further
      rows.append(Row(transferCase: transferCase, names: names, entries: entries))
      for setting in settings.compactMap(\.self) where !setting.isComplete {
        notes.append(
          "\(setting.key.title(showsFraction: showsFraction)): \(setting.n) of \(setting.planned) runs"
            + " (\(setting.absences)).")
      }
    }
    self.rows = rows
    self.notes = notes
  }

  /// What stands above the table, in every format.
  static let caption = "Test performance by initialisation: mean ± sd (n runs); best mean of a row in bold."
  /// What marks an entry with fewer runs than planned.
  static let incompleteMark = "†"
  /// Means of fewer runs than the study's paper has are marked.
  static let fewRuns = 5
  static let fewRunsMark = "‡"
  static let fewRunsNote = "Fewer than five runs."

  var hasFewRuns: Bool { rows.contains { $0.entries.contains { $0?.isOfFewRuns ?? false } } }

  /// More notes than a reader takes in are left to settings.csv, and counted.
  static let notesShown = 40

  var notesForPrint: [String] {
    guard notes.count > Self.notesShown else { return notes }
    return notes.prefix(Self.notesShown) + ["And \(notes.count - Self.notesShown) more settings: see settings.csv."]
  }
}

extension SettingKey {
  /// The setting named for a reader: `derma, resnet18, fraction 0.25, WT`.
  package func title(showsFraction: Bool) -> String {
    var parts = [transferCase.dataset, transferCase.backbone]
    if showsFraction { parts.append("fraction \(NumberText.exact(transferCase.fraction))") }
    if !transferCase.furtherAxes.isEmpty { parts.append(transferCase.furtherText) }
    parts.append(initialisation)
    return parts.joined(separator: ", ")
  }
}

/// Metrics named for readers.
package enum MetricName {
  /// `quadratic_kappa` as `quadratic kappa`, `roc_auc` as `ROC AUC`.
  package static func plain(_ name: String) -> String {
    switch name {
    case "roc_auc": "ROC AUC"
    default: name.split(separator: "_").joined(separator: " ")
    }
  }
}
