import Planner
import Store
import WorkerProtocol

extension StudyTables {
  /// A row for each cell, measure, and layer or pair of layers: single runs, which the figures' tables are means of. What became
  /// of measures that are not done is in the table of cells.
  package static func layers(_ analysis: StudyAnalysis) -> [UInt8] {
    let rows = StageKind.ofLayers.lazy.flatMap { kind in
      analysis.measured(kind).lazy.flatMap { measured in
        measured.result.layers.series.flatMap { Self.rows(of: $0, measured) }
          + measured.result.layers.matrices.flatMap { Self.rows(of: $0, measured) }
      }
    }
    var columns: [Column<LayerRow>] = [.text("cell") { $0.measured.cell.id.text }]
    columns += caseColumns(analysis.furtherAxes)
    columns += [
      .text("init") { $0.measured.cell.initialisation },
      .integer("seed") { $0.measured.cell.seed },
      .text("analysis") { $0.measured.kind.rawValue },
      .text("state") { $0.state?.rawValue },
      .text("part") { $0.part },
      .text("layer") { $0.layer },
      .integer("position") { $0.position },
      .text("other_init") { $0.other?.initialisation },
      .text("other_state") { $0.other?.state.rawValue },
      .text("other_layer") { $0.other?.layer },
      .text("metric") { $0.metric },
      .number("value") { $0.value },
      .key("key") { $0.measured.result.measure.key },
    ]
    return DataTable(columns).csv(rows)
  }

  private struct LayerRow: OfCell {
    struct Other {
      let initialisation: String
      let state: ModelState
      let layer: String
    }

    let measured: Measured
    let metric: String
    let state: ModelState?
    var part: String?
    let layer: String
    let position: Int
    var other: Other?
    let value: Double?

    var cell: Cell { measured.cell }
  }

  private static func rows(of series: LayerSeries, _ measured: Measured) -> [LayerRow] {
    zip(series.layers, series.values).enumerated().map { position, pair in
      LayerRow(
        measured: measured, metric: series.metric, state: series.state, part: series.part, layer: pair.0,
        position: position, value: pair.1)
    }
  }

  /// Of two models of one cell, the other's initialisation is its own.
  private static func rows(of matrix: LayerMatrix, _ measured: Measured) -> [LayerRow] {
    let other = matrix.columns.initialisation ?? measured.result.measure.partner ?? measured.cell.initialisation
    return matrix.values.enumerated().map { place, value in
      let (row, column) = place.quotientAndRemainder(dividingBy: matrix.columns.layers.count)
      return LayerRow(
        measured: measured, metric: matrix.metric, state: matrix.rows.state, layer: matrix.rows.layers[row],
        position: row,
        other: LayerRow.Other(
          initialisation: other, state: matrix.columns.state, layer: matrix.columns.layers[column]), value: value)
    }
  }
}
