import Files
import Planner
import Store
import WorkerProtocol

/// What is of a cell.
protocol OfCell: Sendable {
  var cell: Cell { get }
}

extension CellResult: OfCell {}
extension Measured: OfCell {}

/// The CSV tables of a study.
package enum StudyTables {
  /// A row for each cell and metric; a cell without metrics has one row, without a value. Then a row for each number of the whole
  /// network that a measure leaves, or one without a value.
  ///
  /// The split of a measure's rows is its name, `knn`, and never `test`: nearest neighbours judge the test images by metrics
  /// of the same names, and who picks rows by split and metric must not mix the two. State and reason are the measure's.
  package static func cells(_ analysis: StudyAnalysis) -> BytePieces {
    let cells = analysis.cells
    // A study without measures has no column of them.
    let hasMeasures = !analysis.measureKinds.isEmpty
    let table = GroupedTable<CellResult, CellRow>([
      .shared([.text("study") { _ in analysis.study }] + cellColumns(analysis.furtherAxes)),
      .own([
        .text("state") { $0.state.rawValue },
        .text("reason") { $0.reason },
        .text("split") { $0.split },
        .text("metric") { $0.metric },
        .number("value") { $0.value },
      ]),
      .shared([.key("train_key") { $0.cell.stages[.train] }]),
      .own(
        [.key("test_key") { $0.testKey }] + (hasMeasures ? [.key("measure_key") { $0.measureKey }] : [])),
    ])
    return table.csv(cells.count) {
      cells[$0]
    } rows: {
      CellRow.all(of: $0)
    }
  }

  /// A row of `cells.csv`.
  private struct CellRow {
    let state: CellState
    let reason: String?
    let split: String
    let metric: String?
    let value: Double?
    var testKey: StageKey?
    var measureKey: StageKey?

    /// A row for each metric of the test and of each measure; one without a value where there is none.
    static func all(of result: CellResult) -> [CellRow] {
      let testKey = result.cell.stages[.test]
      var rows: [CellRow] = []
      for metric in result.metrics {
        rows.append(
          CellRow(
            state: result.state, reason: result.reason, split: metric.split, metric: metric.name, value: metric.value,
            testKey: testKey))
      }
      if result.metrics.isEmpty {
        rows.append(
          CellRow(
            state: result.state, reason: result.reason, split: "test", metric: result.cell.metric, value: nil,
            testKey: testKey))
      }
      for own in result.measures {
        let split = own.measure.kind.rawValue
        for metric in own.metrics {
          rows.append(
            CellRow(
              state: own.state, reason: own.reason, split: split, metric: metric.name, value: metric.value,
              measureKey: own.measure.key))
        }
        if own.metrics.isEmpty {
          rows.append(
            CellRow(
              state: own.state, reason: own.reason, split: split, metric: nil, value: nil,
              measureKey: own.measure.key))
        }
      }
      return rows
    }
  }

  /// A row for each setting and metric, and for each number of the whole network that a measure leaves: its split is the
  /// measure's name.
  package static func settings(_ analysis: StudyAnalysis) -> BytePieces {
    var columns: [Column<SettingResult>] = caseColumns(analysis.furtherAxes) { $0.key.transferCase }
    columns += [
      .text("init") { $0.key.initialisation },
      .text("split") { $0.split },
      .text("metric") { $0.metric },
      .text("judged_by") { $0.isJudged ? "yes" : "no" },
      .integer("planned") { $0.planned },
      .integer("n") { $0.n },
      .integer("diverged") { $0.diverged },
      .integer("failed") { $0.failed },
      .integer("stale") { $0.stale },
      .integer("missing") { $0.missing },
      .number("mean") { $0.summary?.mean },
      .number("sd") { $0.summary?.sd },
      .number("median") { $0.summary?.median },
      .number("min") { $0.summary?.min },
      .number("max") { $0.summary?.max },
      .number("ci_low") { $0.summary?.interval?.low },
      .number("ci_high") { $0.summary?.interval?.high },
      .text("ci_method") { $0.summary?.interval == nil ? nil : "student t 95%" },
    ]
    return DataTable(columns).csv(analysis.settingMetrics)
  }

  /// A row for each case that has at least two of RI, ST and WT.
  package static func gains(_ analysis: StudyAnalysis) -> BytePieces {
    var columns: [Column<Gain>] = caseColumns(analysis.furtherAxes) { $0.transferCase }
    columns += [
      .text("metric") { $0.metric },
      .number("training_images") { analysis.trainingImages($0.transferCase) },
      .number("distance") { analysis.dataset($0.transferCase.dataset)?.distance },
      .integer("planned_ri") { $0.ri?.planned },
      .integer("planned_st") { $0.st?.planned },
      .integer("planned_wt") { $0.wt?.planned },
      .integer("n_ri") { $0.ri?.n },
      .integer("n_st") { $0.st?.n },
      .integer("n_wt") { $0.wt?.n },
      .number("ri") { $0.ri?.summary?.mean },
      .number("st") { $0.st?.summary?.mean },
      .number("wt") { $0.wt?.summary?.mean },
    ]
    for contrast in Contrast.allCases {
      let name = contrast.rawValue
      columns += [
        .integer("\(name)_n") { $0.differences[contrast]?.differences.n },
        .number(name) { $0.differences[contrast]?.differences.mean },
        .number("\(name)_ci_low") { $0.differences[contrast]?.differences.interval?.low },
        .number("\(name)_ci_high") { $0.differences[contrast]?.differences.interval?.high },
        .number("\(name)_bca_low") { $0.differences[contrast]?.bootstrap?.low },
        .number("\(name)_bca_high") { $0.differences[contrast]?.bootstrap?.high },
        .number("\(name)_p") { $0.differences[contrast]?.p },
        .number("\(name)_p_corrected") { $0.differences[contrast]?.correctedP },
      ]
    }
    let families = Dictionary(
      Contrast.allCases.map { contrast in
        (contrast, analysis.gains.count { $0.differences[contrast]?.correctedP != nil })
      }
    ) { first, _ in first }
    columns += [
      .text("ci_method") { gain in
        gain.differences.values.contains { $0.differences.interval != nil } ? "paired student t 95%" : nil
      },
      .text("p_method") { _ in "exact two-sided sign flip of pairs" },
      .text("p_correction") { _ in
        "\(analysis.reporting.correction.rawValue) within each contrast; tests: "
          + Contrast.allCases.map { "\($0.rawValue) \(families[$0] ?? 0)" }.joined(separator: " ")
      },
      .number("relative_gain") { $0.relativeGain?.ratio },
      .number("relative_gain_ci_low") { $0.relativeGain?.interval?.low },
      .number("relative_gain_ci_high") { $0.relativeGain?.interval?.high },
      .number("feature_reuse") { $0.featureReuse },
      .number("feature_reuse_ci_low") { $0.featureReuseInterval?.low },
      .number("feature_reuse_ci_high") { $0.featureReuseInterval?.high },
      .number("feature_reuse_normalised") { $0.featureReuseNormalised },
      .number("feature_reuse_normalised_ci_low") { gain in
        gain.featureReuseInterval.flatMap { analysis.normalised($0.low, of: gain.transferCase.source) }
      },
      .number("feature_reuse_normalised_ci_high") { gain in
        gain.featureReuseInterval.flatMap { analysis.normalised($0.high, of: gain.transferCase.source) }
      },
      .number("reuse_share_of_gain") { $0.reuseShareOfGain },
      .number("reuse_share_of_gain_ci_low") { $0.reuseShareInterval?.low },
      .number("reuse_share_of_gain_ci_high") { $0.reuseShareInterval?.high },
      .text("ratio_ci_method") { gain in
        gain.relativeGain?.interval == nil && gain.featureReuseInterval == nil && gain.reuseShareInterval == nil
          ? nil : "paired fieller 95%"
      },
    ]
    return DataTable(columns).csv(analysis.gains)
  }

  /// A row for each validation of each cell's training.
  package static func history(_ analysis: StudyAnalysis) -> BytePieces {
    let cells = analysis.cells
    // A study that never asked for neighbours has no column of them.
    let hasNeighbours = cells.contains { $0.history.contains { $0.validationNeighbours != nil } }
    let table = GroupedTable<CellResult, HistoryEntry>([
      .shared(cellColumns(analysis.furtherAxes)),
      .own([
        .integer("step") { $0.step },
        .number("epoch") { $0.epoch },
        .number("learning_rate") { $0.learningRate },
        .number("training_loss") { $0.trainingLoss },
        .number("validation_loss") { $0.validationLoss },
      ]),
      .shared([.text("metric") { $0.cell.metric }]),
      .own(
        [.number("validation_metric") { $0.validationMetric }]
          + (hasNeighbours ? [.number("validation_knn") { $0.validationNeighbours }] : [])),
      .shared([.key("train_key") { $0.cell.stages[.train] }]),
    ])
    return table.csv(cells.count) {
      cells[$0]
    } rows: {
      $0.history
    }
  }

  /// A row for each rate that a search tried, or for each step that it reports; a search that is not done has one row, without
  /// numbers.
  package static func rateSearches(_ analysis: StudyAnalysis) -> BytePieces {
    struct Row {
      let search: RateSearchResult
      let trial: RateTrial?
    }
    let rows = analysis.rateSearches.flatMap { search in
      search.tried.isEmpty ? [Row(search: search, trial: nil)] : search.tried.map { Row(search: search, trial: $0) }
    }
    var columns: [Column<Row>] = caseColumns(analysis.furtherAxes) { TransferCase($0.search.cell) }
    columns += [
      .text("init") { $0.search.cell.initialisation },
      .text("form") { $0.search.form },
      .number("found_rate") { $0.search.rate },
      .number("rate") { $0.trial?.rate },
      .integer("step") { $0.trial?.step },
      .number("epoch") { $0.trial?.epoch },
      .number("training_loss") { $0.trial?.trainingLoss },
      .number("validation_loss") { $0.trial?.validationLoss },
      .text("metric") { $0.search.cell.metric },
      .number("validation_metric") { $0.trial?.metric },
      .text("diverged") { row in row.trial.map { $0.diverged ? "yes" : "no" } },
      .text("search_key") { $0.search.key.hex },
    ]
    return DataTable(columns).csv(rows)
  }

  /// A row for each class of each data set whose images are counted.
  package static func classes(_ analysis: StudyAnalysis) -> BytePieces {
    struct Row {
      let dataset: String
      let name: String
      let count: ClassCount
    }
    let rows = analysis.datasets.flatMap { dataset in
      zip(dataset.classes ?? [], dataset.classCounts).map { Row(dataset: dataset.name, name: $0, count: $1) }
    }
    let splits = ["train", "val", "test"]
    var columns: [Column<Row>] = [.text("dataset") { $0.dataset }, .text("class") { $0.name }]
    columns += splits.enumerated().map { place, split in .integer(split) { $0.count.images[place] } }
    columns += splits.enumerated().map { place, split in .integer("\(split)_unknown") { $0.count.unknown?[place] } }
    return DataTable(columns).csv(rows)
  }

  /// Names that the tables use themselves: a further axis of the same name is written `axis.NAME`.
  private static let ownNames: Set<String> = [
    "study", "cell", "dataset", "backbone", "fraction", "init", "seed", "state", "reason", "split", "metric", "value",
    "planned", "n", "mean", "sd", "median", "min", "max", "step", "epoch", "learning_rate", "distance", "analysis",
    "part", "layer", "position", "key", "low", "high", "best", "threshold", "knn", "test", "method", "image", "x", "y",
    "class",
  ]

  private static func columnName(of axis: String) -> String { ownNames.contains(axis) ? "axis.\(axis)" : axis }

  /// The columns that say of how many runs a setting's mean is, beside the numbers of single runs.
  static var meanColumns: [Column<SettingResult>] {
    [
      .integer("n") { $0.n },
      .integer("planned") { $0.planned },
      .number("mean") { $0.summary?.mean },
      .number("ci_low") { $0.summary?.interval?.low },
      .number("ci_high") { $0.summary?.interval?.high },
    ]
  }

  /// The columns that say which cell a row is of: the same in every table.
  static func cellColumns<Row: OfCell>(_ furtherAxes: [String]) -> [Column<Row>] {
    [
      .text("cell") { $0.cell.id.text }, .text("dataset") { $0.cell.dataset }, .text("backbone") { $0.cell.backbone },
      .number("fraction") { $0.cell.fraction },
    ]
      + furtherAxes.map { name in
        .text(columnName(of: name)) { row in row.cell.furtherAxes.first { $0.name == name }?.value }
      }
      + [.text("init") { $0.cell.initialisation }, .integer("seed") { $0.cell.seed }]
  }

  /// The columns that say which case a row is of: the same in every table.
  static func caseColumns<Row>(_ furtherAxes: [String], _ transferCase: @escaping @Sendable (Row) -> TransferCase)
    -> [Column<Row>]
  {
    [
      .text("dataset") { transferCase($0).dataset },
      .text("backbone") { transferCase($0).backbone },
      .number("fraction") { transferCase($0).fraction },
    ]
      + furtherAxes.map { name in
        .text(columnName(of: name)) { row in
          transferCase(row).furtherAxes.first { $0.name == name }?.value
        }
      }
  }
}
