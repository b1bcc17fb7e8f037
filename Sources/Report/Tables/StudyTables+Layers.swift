import Files
import Planner
import Store
import WorkerProtocol

extension StudyTables {
  /// A row for each cell, measure, and layer or pair of layers: single runs, which the figures' tables are means of. What became
  /// of measures that are not done is in the table of cells.
  package static func layers(_ analysis: StudyAnalysis) -> BytePieces {
    let measured = StageKind.ofLayers.flatMap { analysis.measured($0) }
    let table = GroupedTable<Measured, LayerRow>([
      .shared(cellColumns(analysis.furtherAxes)),
      .shared([.text("analysis") { $0.kind.rawValue }]),
      .own([
        .text("state") { $0.state?.rawValue },
        .text("part") { $0.part },
        .text("layer") { $0.layer },
        .integer("position") { $0.position },
        .text("other_init") { $0.other?.initialisation },
        .text("other_state") { $0.other?.state.rawValue },
        .text("other_layer") { $0.other?.layer },
        .text("metric") { $0.metric },
        .number("value") { $0.value },
      ]),
      .shared([.key("key") { $0.result.measure.key }]),
    ])
    return table.csv(measured.count) {
      measured[$0]
    } rows: { measured in
      let layers = measured.result.layers
      return layers.series.flatMap { Self.rows(of: $0) } + layers.matrices.flatMap { Self.rows(of: $0, measured) }
    }
  }

  private struct LayerRow {
    struct Other {
      let initialisation: String
      let state: ModelState
      let layer: String
    }

    let metric: String
    let state: ModelState?
    var part: String?
    let layer: String
    let position: Int
    var other: Other?
    let value: Double?
  }

  private static func rows(of series: LayerSeries) -> [LayerRow] {
    zip(series.layers, series.values).enumerated().map { position, pair in
      LayerRow(
        metric: series.metric, state: series.state, part: series.part, layer: pair.0,
        position: position, value: pair.1)
    }
  }

  /// Of two models of one cell, the other's initialisation is its own.
  private static func rows(of matrix: LayerMatrix, _ measured: Measured) -> [LayerRow] {
    let other = matrix.columns.initialisation ?? measured.result.measure.partner ?? measured.cell.initialisation
    return matrix.values.enumerated().map { place, value in
      let (row, column) = place.quotientAndRemainder(dividingBy: matrix.columns.layers.count)
      return LayerRow(
        metric: matrix.metric, state: matrix.rows.state, layer: matrix.rows.layers[row],
        position: row,
        other: LayerRow.Other(
          initialisation: other, state: matrix.columns.state, layer: matrix.columns.layers[column]), value: value)
    }
  }
}
