import Engine
import Files
import Planner
import WorkerProtocol

/// The test images' final features in two dimensions.
///
/// Leaves `points.json` for the report, and `tensors.tsv`, `metadata.tsv` and `projector_config.pbtxt`, which TensorBoard's
/// projector opens.
struct EmbeddingStage {
  let request: StageRequest
  let passes: ModelPasses

  func run(_ context: StageContext) throws -> StageOutcome {
    let parameters = try MeasureParameters(request.parameters, of: request.kind)
    let options: EmbeddingOptions = try parameters.analysis.options()
    let model = passes.model
    guard try model.trained() != nil else { return .withoutModel(context) }
    let features = try passes.features(coming: PassNeeds(companionsOf: request), context).joined
    let (count, width) = (model.test.count, features.count / max(1, model.test.count))
    let labels = model.test.positions.map { model.data.store.label($0).text(model.data.store.classes) }
    var places: [String: [(x: Double, y: Double)]] = [:]
    var facts: [String: JSONValue] = ["images": .number(Double(count)), "width": .number(Double(width))]
    for method in options.methods {
      if context.shouldStop { throw StageStopped() }
      let found: [Double]
      switch method {
      case .pca:
        let components = try PrincipalComponents(features, n: count, d: width)
        facts["explained_variance"] = .array(components.explainedVarianceRatio.map { .number($0) })
        found = components.places
      case .umap:
        found = try UMAP(
          neighbours: options.neighbours, minDistance: options.minimumDistance,
          metric: options.metric == .cosine ? .cosine : .euclidean, seed: UInt64(parameters.seed)
        ).embed(features, n: count, d: width) { share in
          context.report(StageProgress(fraction: share, position: "UMAP"))
          return !context.shouldStop
        }
        let k = min(15, (count - 1) / 2)
        if k > 0 {
          facts["trustworthiness"] = .number(
            try Trustworthiness.of(high: features, low: found, n: count, d: width, k: k))
        }
      }
      places[method.rawValue] = (0..<count).map { (x: found[2 * $0], y: found[2 * $0 + 1]) }
    }
    try DurableFiles.write(
      Array(EmbeddingPoints(labels: labels, places: places).json.canonicalText.utf8),
      to: request.outputFile(EmbeddingPoints.fileName))
    try ProjectorFiles.write(
      features: features, d: width, names: model.test.positions.map(model.data.store.imagePath), classes: labels,
      title: request.label, to: request.outputFolder)
    context.log(
      "\(count) images, \(width) features each, by \(options.methods.map(\.rawValue).joined(separator: " and "))")
    return StageOutcome(diverged: model.model.diverged, facts: .object(facts))
  }
}
