import Planner
import Store
import WorkerProtocol

/// What a measure says of each layer, over the runs of one setting.
package struct LayerProfile: Sendable {
  package let setting: SettingKey
  package let state: ModelState?
  package let part: String?
  package let metric: String
  /// From input to output.
  package let layers: [Layer]

  package struct Layer: Sendable {
    package let name: String
    /// Over the runs that have a finite value there; nil where none has.
    package let summary: SampleSummary?
  }

  /// The most runs that any layer's value is a mean of.
  package var n: Int { layers.compactMap { $0.summary?.n }.max() ?? 0 }

  /// The profiles of a kind in the order of the cells, and of one setting in that of the measure's series.
  ///
  /// - Parameter isWanted: Which series of a cell.
  package static func all(
    _ kind: StageKind, _ analysis: StudyAnalysis, where isWanted: (LayerSeries, Cell) -> Bool
  ) -> [LayerProfile] {
    struct Place: Hashable {
      let setting: SettingKey
      let state: ModelState?
      let part: String?
      let metric: String
    }
    var places: [Place] = []
    var runs: [Place: [LayerSeries]] = [:]
    for measured in analysis.measured(kind) where measured.result.state == .done {
      for series in measured.result.layers.series where isWanted(series, measured.cell) {
        let place = Place(
          setting: measured.setting, state: series.state, part: series.part, metric: series.metric)
        if runs[place] == nil { places.append(place) }
        runs[place, default: []].append(series)
      }
    }
    return places.compactMap { place in
      guard let own = runs[place] else { return nil }
      var values: [String: [Double]] = [:]
      for series in own {
        for case (let layer, let value?) in zip(series.layers, series.values) where value.isFinite {
          values[layer, default: []].append(value)
        }
      }
      return LayerProfile(
        setting: place.setting, state: place.state, part: place.part, metric: place.metric,
        layers: own.flatMap(\.layers).uniqued().map { Layer(name: $0, summary: SampleSummary(values[$0] ?? [])) })
    }
  }
}

/// A matrix over layers, the mean over the runs of one setting.
package struct MeanMatrix: Sendable {
  package let setting: SettingKey
  /// The initialisation of the other model, where two are compared.
  package let partner: String?
  package let metric: String
  package let rows: LayerMatrix.Side
  package let columns: LayerMatrix.Side
  /// Row by row, each over the runs that have a finite value there; nil where none has.
  package let values: [SampleSummary?]

  /// The most runs that any value is a mean of.
  package var n: Int { values.compactMap { $0?.n }.max() ?? 0 }

  /// In the order of the cells, and of one setting in that of the measure's matrices.
  package static func all(_ kind: StageKind, _ analysis: StudyAnalysis) -> [MeanMatrix] {
    struct Place: Hashable {
      let setting: SettingKey
      let partner: String?
      let metric: String
      let rows: LayerMatrix.Side
      let columns: LayerMatrix.Side
    }
    var places: [Place] = []
    var runs: [Place: [LayerMatrix]] = [:]
    for measured in analysis.measured(kind) where measured.result.state == .done {
      for matrix in measured.result.layers.matrices {
        let place = Place(
          setting: measured.setting, partner: measured.result.measure.partner, metric: matrix.metric,
          rows: matrix.rows, columns: matrix.columns)
        if runs[place] == nil { places.append(place) }
        runs[place, default: []].append(matrix)
      }
    }
    return places.compactMap { place in
      guard let own = runs[place], let first = own.first else { return nil }
      return MeanMatrix(
        setting: place.setting, partner: place.partner, metric: place.metric, rows: place.rows, columns: place.columns,
        values: first.values.indices.map { index in
          SampleSummary(own.compactMap { $0.values[index] }.filter(\.isFinite))
        })
    }
  }
}
