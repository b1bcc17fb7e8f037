import Foundation
import Planner
import Store
import WorkerProtocol

/// Measures made by formula, put on the cells of a phantom study: what each kind leaves, in the shapes that stages leave it.
struct PhantomMeasures: Sendable {
  static let allKinds: [StageKind] = [
    .knn, .layerwiseKNN, .layerImportance, .l2, .cka, .crossCKA, .embedding, .distance,
  ]

  var kinds = allKinds
  /// By backbone; a backbone that `hasParts` has features of class and patch tokens.
  var layers: @Sendable (String) -> [String] = { $0.hasPrefix("deit") ? deit : resnet(blocks: [3, 4, 6, 3]) }
  var images = 120
  var classes = 3
  /// What becomes of a measure that is not done.
  var fate: @Sendable (Cell, StageKind) -> (CellState, String)? = { _, _ in nil }
  /// Whether a layer's output varies, and so has a similarity.
  var varies: @Sendable (Cell, String) -> Bool = { _, _ in true }

  static let deit =
    ["patch_embed"] + (0..<12).flatMap { ["blocks.\($0).attn", "blocks.\($0).mlp"] } + ["head"]

  static func resnet(blocks: [Int]) -> [String] {
    ["conv1"] + blocks.enumerated().flatMap { stage, count in (0..<count).map { "layer\(stage + 1).\($0)" } } + ["fc"]
  }

  /// The results with the measures on every cell.
  func on(_ results: StudyResults) -> StudyResults {
    var measured = results
    measured.datasets = results.datasets.map { dataset in
      var own = dataset
      own.classes = (0..<classes).map { "class \($0)" }
      return own
    }
    measured.cells = results.cells.map { result in
      let measures = kinds.compactMap { measure($0, result) }
      let cell = result.cell
      return CellResult(
        cell: Cell(
          id: cell.id, dataset: cell.dataset, backbone: cell.backbone, fraction: cell.fraction,
          initialisation: cell.initialisation, seed: cell.seed, furtherAxes: cell.furtherAxes, stages: cell.stages,
          measures: measures.map(\.measure), metric: cell.metric),
        state: result.state, reason: result.reason, metrics: result.metrics, history: history(result),
        measures: measures
      )
    }
    for kind in kinds {
      var distinct: [JSONValue] = []
      for result in results.cells {
        let parameters = parameters(kind, result.cell)
        if !distinct.contains(parameters) { distinct.append(parameters) }
      }
      measured.measureParameters[kind] = distinct
    }
    return measured
  }

  /// Of trainings that come near their best the sooner, the more they start from.
  private func history(_ result: CellResult) -> [HistoryEntry] {
    guard !result.history.isEmpty else { return [] }
    let pace = ["RI": 9.0, "ST": 6.0][result.cell.initialisation] ?? 2.5
    return (1...20).map { validation in
      let name = "history \(result.cell.id.text) \(validation)"
      let reached = (result.score ?? 0.5) * (1 - exp(-Double(validation) / pace)) + 0.01 * noise(name)
      return HistoryEntry(
        step: validation * 50, epoch: Double(validation) / 2, learningRate: 0.001, trainingLoss: 1, validationLoss: 1,
        validationMetric: rounded(reached))
    }
  }

  private func measure(_ kind: StageKind, _ result: CellResult) -> MeasureResult? {
    let cell = result.cell
    if kind == .crossCKA, cell.initialisation != "WT" { return nil }
    let name = kind == .distance ? "distance \(cell.dataset)" : "\(kind.rawValue) \(cell.id.text)"
    let measure = CellMeasure(
      kind: kind, key: PhantomStudy.key(name), partner: kind == .crossCKA ? "ST" : nil)
    if let (state, reason) = fate(cell, kind) {
      return MeasureResult(measure: measure, state: state, reason: reason)
    }
    if result.state != .done, kind != .distance {
      return MeasureResult(
        measure: measure, state: .missing, reason: "waits for the training, which is not done")
    }
    var found = MeasureResult(measure: measure)
    let score = result.score ?? 0.5
    switch kind {
    case .knn:
      found.metrics = [
        MetricValue(split: "test", name: cell.metric, value: score - 0.04 + noise(name) * 0.01),
        MetricValue(split: "test", name: "accuracy", value: score - 0.05),
      ]
    case .layerwiseKNN: found.layers.series = neighbours(cell, score)
    case .layerImportance:
      let shares = modules(cell).enumerated().map { index, layer in
        1 - 0.5 * exp(-Double(index) / (cell.initialisation == "WT" ? 3 : 9)) * (0.7 + 0.3 * noise("\(name) \(layer)"))
      }.map(rounded)
      found.metrics = [MetricValue(split: "test", name: cell.metric, value: score)]
      found.layers.series = [
        LayerSeries(
          state: .trained, metric: cell.metric, layers: modules(cell), values: shares.map { rounded($0 * score) }),
        LayerSeries(state: .trained, metric: "relative_\(cell.metric)", layers: modules(cell), values: shares),
      ]
    case .l2:
      let moved = ["RI": 8e-4, "ST": 3e-4][cell.initialisation] ?? 2e-5
      let values = modules(cell).enumerated().map { index, layer in
        (moved * exp(Double(index) / 8) * (1 + 0.2 * noise("\(name) \(layer)")) * 1e9).rounded() / 1e9
      }
      found.metrics = [
        MetricValue(split: "weights", name: "l2_total", value: values.reduce(0, +) / Double(values.count))
      ]
      found.layers.series = [
        LayerSeries(state: nil, metric: "l2", layers: modules(cell), values: values),
        LayerSeries(state: nil, metric: "l2_tensor", layers: modules(cell).map { $0 + ".weight" }, values: values),
      ]
    case .cka:
      let states: [(ModelState, ModelState)] = [(.initial, .initial), (.trained, .initial), (.trained, .trained)]
      found.layers.matrices = states.map { rows, columns in
        matrix(
          cell, rows: .init(state: rows, layers: probes(cell)), columns: .init(state: columns, layers: probes(cell)))
      }
    case .crossCKA:
      found.layers.matrices = [
        matrix(
          cell, rows: .init(state: .trained, initialisation: "WT", layers: probes(cell)),
          columns: .init(state: .trained, initialisation: "ST", layers: probes(cell)))
      ]
    case .embedding:
      found.points = points(cell)
      found.facts = ["explained_variance": [.number(rounded(0.4 + 0.1 * noise(name))), 0.125]]
    default: break
    }
    return found
  }

  private func parameters(_ kind: StageKind, _ cell: Cell) -> JSONValue {
    switch kind {
    case .knn, .layerwiseKNN: ["k": 200, "temperature": 0.1, "metric": .string(cell.metric), "seed": 0]
    case .cka, .crossCKA: ["estimator": "unbiased", "batch_size": 64]
    case .embedding: ["methods": ["umap", "pca"], "umap": ["neighbours": 15, "min_dist": 0.1]]
    case .distance: ["probe": "inception_v3"]
    default: ["backbone": .string(cell.backbone)]
    }
  }

  /// Layers but the last, which give classes and no features.
  private func probes(_ cell: Cell) -> [String] { Array(layers(cell.backbone).dropLast()) }
  private func modules(_ cell: Cell) -> [String] { probes(cell) }

  private func neighbours(_ cell: Cell, _ score: Double) -> [LayerSeries] {
    let all = layers(cell.backbone)
    let parts: [String?] = cell.backbone.hasPrefix("deit") ? ["all", "cls", "patches"] : [nil]
    return parts.flatMap { part in
      let own = part == "cls" || part == "patches" ? all.filter { $0.hasPrefix("blocks") } : all
      return ModelState.allCases.filter { $0 != .source || cell.initialisation != "RI" }.map { state in
        let values = own.map { layer -> Double in
          let depth = Double(all.firstIndex(of: layer) ?? 0) / Double(all.count - 1)
          let shape = part == "cls" ? depth * depth : sqrt(depth)
          let reach = ["RI": 0.02, "ST": 0.04][cell.initialisation] ?? 0.2
          let name = "\(cell.id.text) \(state) \(part ?? "") \(layer)"
          return rounded(
            state == .trained
              ? score * (0.45 + 0.5 * shape) + noise(name) * 0.015
              : score * (0.42 + (state == .source ? 0.2 : reach) * depth) + (state == .source ? 0 : noise(name) * 0.01))
        }
        return LayerSeries(state: state, part: part, metric: cell.metric, layers: own, values: values)
      }
    }
  }

  private func matrix(_ cell: Cell, rows: LayerMatrix.Side, columns: LayerMatrix.Side) -> LayerMatrix {
    let width = Double(max(2, rows.layers.count))
    let values = rows.layers.enumerated().flatMap { i, row in
      columns.layers.enumerated().map { j, column -> Double? in
        guard varies(cell, row), varies(cell, column) else { return nil }
        let isSelf = rows.state == columns.state && rows.initialisation == columns.initialisation
        let gap = Double(abs(i - j)) / width
        let depth = Double(i + j) / (2 * width)
        let own = isSelf ? 1 : 0.9 - 0.7 * depth * (cell.initialisation == "WT" ? 0.5 : 1)
        return rounded(own * exp(-3 * gap) + 0.02 * noise("\(cell.id.text) \(rows.state) \(i) \(j)") * gap)
      }
    }
    return LayerMatrix(metric: "cka", rows: rows, columns: columns, values: values)
  }

  private func points(_ cell: Cell) -> [EmbeddedPoint] {
    let apart = ["RI": 1.2, "ST": 2.0][cell.initialisation] ?? 3.5
    return ["umap", "pca"].flatMap { method in
      (0..<images).map { image in
        // The first class is by far the most frequent.
        let place = image % 3 == 0 ? image / 3 % classes : image % 2
        let name = "\(cell.id.text) \(method) \(image)"
        let angle = Double(place) / Double(classes) * 6.283185307179586
        return EmbeddedPoint(
          method: method, x: rounded(apart * cos(angle) + noise(name) + noise(name + "b")),
          y: rounded(apart * sin(angle) + noise(name + "c") + noise(name + "d")), label: "class \(place)")
      }
    }
  }

  private func noise(_ text: String) -> Double { PhantomStudy.noise(text) }
  /// So that every machine finds the same digits.
  private func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }
}
