import Planner
import WorkerProtocol

/// What figures with maps of layers against layers have in common: square panels in one scale from 0 to 1, the input at the
/// lower left.
enum LayerMaps {
  static func panel(_ matrix: MeanMatrix, title: String, x: String, y: String) -> Panel {
    Panel(
      title: title, x: Axis(x, .band(matrix.columns.layers)), y: Axis(y, .band(matrix.rows.layers.reversed())),
      marks: [
        .raster(
          Raster(
            rows: matrix.rows.layers.count, columns: matrix.columns.layers.count,
            values: matrix.values.map { $0?.mean }, range: Interval(low: 0, high: 1)))
      ])
  }

  static let legend = Legend.colorBar(title: "CKA, mean over runs", labels: ["0", "0.5", "1"])

  /// What stands below maps some places of which have no value.
  static func notes(_ matrices: [MeanMatrix], _ tally: MeasureTally) -> [String] {
    var notes: [String] = []
    if matrices.isEmpty { notes.append("Nothing to draw: no such measure is done yet.") }
    if matrices.contains(where: { $0.values.contains { $0 == nil } }) {
      notes.append("Places crossed out have no value: a layer's output is the same for every image of a batch.")
    }
    return notes + [tally.note].compactMap(\.self)
  }

  static func csv(_ matrices: [MeanMatrix], _ analysis: StudyAnalysis) -> [UInt8] {
    struct Row {
      let matrix: MeanMatrix
      let place: Int
      var row: Int { place / matrix.columns.layers.count }
      var column: Int { place % matrix.columns.layers.count }
    }
    let rows = matrices.lazy.flatMap { matrix in matrix.values.indices.lazy.map { Row(matrix: matrix, place: $0) } }
    var columns: [Column<Row>] = StudyTables.caseColumns(analysis.furtherAxes) { $0.matrix.setting.transferCase }
    columns += [
      .text("init") { $0.matrix.setting.initialisation },
      .text("state") { $0.matrix.rows.state.rawValue },
      .text("layer") { $0.matrix.rows.layers[$0.row] },
      .text("other_init") { $0.matrix.partner ?? $0.matrix.setting.initialisation },
      .text("other_state") { $0.matrix.columns.state.rawValue },
      .text("other_layer") { $0.matrix.columns.layers[$0.column] },
      .text("metric") { $0.matrix.metric },
      .integer("n") { $0.matrix.values[$0.place]?.n ?? 0 },
      .number("mean") { $0.matrix.values[$0.place]?.mean },
    ]
    return DataTable(columns).csv(rows)
  }
}
