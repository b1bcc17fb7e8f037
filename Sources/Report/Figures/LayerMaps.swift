import Files
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

  static func csv(_ matrices: [MeanMatrix], _ analysis: StudyAnalysis) -> BytePieces {
    struct Row {
      let rowLayer: String
      let columnLayer: String
      let summary: SampleSummary?
    }
    let table = GroupedTable<MeanMatrix, Row>([
      .shared(StudyTables.caseColumns(analysis.furtherAxes) { $0.setting.transferCase }),
      .shared([
        .text("init") { $0.setting.initialisation },
        .text("state") { $0.rows.state.rawValue },
      ]),
      .own([.text("layer") { $0.rowLayer }]),
      .shared([
        .text("other_init") { $0.partner ?? $0.setting.initialisation },
        .text("other_state") { $0.columns.state.rawValue },
      ]),
      .own([.text("other_layer") { $0.columnLayer }]),
      .shared([.text("metric") { $0.metric }]),
      .own([
        .integer("n") { $0.summary?.n ?? 0 },
        .number("mean") { $0.summary?.mean },
      ]),
    ])
    return table.csv(matrices.count) {
      matrices[$0]
    } rows: { matrix in
      matrix.values.enumerated().map { place, summary in
        let (row, column) = place.quotientAndRemainder(dividingBy: matrix.columns.layers.count)
        return Row(rowLayer: matrix.rows.layers[row], columnLayer: matrix.columns.layers[column], summary: summary)
      }
    }
  }
}
