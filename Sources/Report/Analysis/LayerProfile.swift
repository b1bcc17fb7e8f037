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
    _ kind: StageKind, _ analysis: StudyAnalysis, where isWanted: @escaping @Sendable (LayerSeries, Cell) -> Bool
  ) -> [LayerProfile] {
    analysis.measuredBySetting(kind) { measured in
      // A setting has few kinds of series.
      var found: [[LayerSeries]] = []
      for measured in measured where measured.result.state == .done {
        for series in measured.result.layers.series where isWanted(series, measured.cell) {
          if let place = found.firstIndex(where: { $0[0].isLike(series) }) {
            found[place].append(series)
          } else {
            found.append([series])
          }
        }
      }
      return found.map { LayerProfile(measured[measured.startIndex].setting, $0) }
    }
  }

  /// - Parameter runs: At least one.
  private init(_ setting: SettingKey, _ runs: [LayerSeries]) {
    self.setting = setting
    (state, part, metric) = (runs[0].state, runs[0].part, runs[0].metric)
    // Nearly always the runs have the same layers.
    if runs.allSatisfy({ $0.layers == runs[0].layers }), Set(runs[0].layers).count == runs[0].layers.count {
      layers = runs[0].layers.enumerated().map { place, layer in
        Layer(name: layer, summary: SampleSummary(runs.compactMap { $0.values[place] }.filter(\.isFinite)))
      }
      return
    }
    var values: [String: [Double]] = [:]
    for series in runs {
      for case (let layer, let value?) in zip(series.layers, series.values) where value.isFinite {
        values[layer, default: []].append(value)
      }
    }
    layers = runs.flatMap(\.layers).uniqued().map { Layer(name: $0, summary: SampleSummary(values[$0] ?? [])) }
  }
}

extension LayerSeries {
  /// Whether it says the same of another run.
  fileprivate func isLike(_ other: LayerSeries) -> Bool {
    state == other.state && part == other.part && metric == other.metric
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
    analysis.measuredBySetting(kind) { measured in
      var found: [(partner: String?, runs: [LayerMatrix])] = []
      for measured in measured where measured.result.state == .done {
        let partner = measured.result.measure.partner
        for matrix in measured.result.layers.matrices {
          if let place = found.firstIndex(where: { $0.partner == partner && $0.runs[0].isLike(matrix) }) {
            found[place].runs.append(matrix)
          } else {
            found.append((partner, [matrix]))
          }
        }
      }
      return found.map { partner, runs in
        MeanMatrix(
          setting: measured[measured.startIndex].setting, partner: partner, metric: runs[0].metric, rows: runs[0].rows,
          columns: runs[0].columns,
          values: runs[0].values.indices.map { index in
            SampleSummary(runs.compactMap { $0.values[index] }.filter(\.isFinite))
          })
      }
    }
  }
}

extension LayerMatrix {
  /// Whether it says the same of another run.
  fileprivate func isLike(_ other: LayerMatrix) -> Bool {
    metric == other.metric && rows == other.rows && columns == other.columns
  }
}
