import Engine
import Planner
import WorkerProtocol

/// How alike the layers' representations of the test images are: before training among themselves, after training to
/// before, after training among themselves.
struct CKAStage {
  let request: StageRequest
  let passes: ModelPasses

  func run(_ context: StageContext) throws -> StageOutcome {
    let parameters = try MeasureParameters(request.parameters, of: request.kind)
    let options: SimilarityOptions = try parameters.analysis.options()
    guard try passes.model.trained() != nil else { return .withoutModel(context) }
    let own = try PassNeeds(parameters, request.inputs)
    guard own.first != nil else { throw StageFailure.mismatched(request) }
    let found = try passes.similarities(own, coming: PassNeeds(companionsOf: request), context)
    let sides = [ModelState.initial, .trained].map { LayerMatrix.Side(state: $0, layers: found.trained.rows) }
    let matrices = try [
      found.initial.matrix(rows: sides[0], columns: sides[0]),
      found.crossed.matrix(rows: sides[1], columns: sides[0]),
      found.trained.matrix(rows: sides[1], columns: sides[1]),
    ]
    return found.trained.outcome(matrices, options, diverged: passes.model.model.diverged, context)
  }
}

/// How alike the layers of two models are that differ in their initialisation.
struct CrossCKAStage {
  let request: StageRequest

  func run(_ context: StageContext) throws -> StageOutcome {
    let pair = try PairParameters(request.parameters).options
    let options = pair.similarity
    let models = try ["first", "second"].map { try MeasuredModel(request, role: $0) }
    guard let first = try models[0].trained(), let second = try models[1].trained() else {
      return .withoutModel(context)
    }
    guard models[0].model.backbone == models[1].model.backbone else {
      throw StageFailure(
        .spec, "\(request.label): a \(models[0].model.backbone) and a \(models[1].model.backbone) have other layers",
        remedy: "compare models of one backbone")
    }
    let layers = Array(first.probes.dropLast())
    let reading = ActivationReading.Request(probe: options.probe.engine, grams: Set(layers))
    var found = CKAAccumulator(rows: layers, columns: layers, estimator: options.estimator.engine)
    let images = models[0].test
    try images.forEachBatch(of: options.batchSize, on: models[0].device) { positions, batch in
      if context.shouldStop { throw StageStopped() }
      let grams = try [first, second].map { network in
        let read = try network.read(batch, reading)
        return layers.compactMap { read.grams[$0] }
      }
      try found.add(rows: grams[0], columns: grams[1])
      context.report(
        StageProgress(
          fraction: Double(positions.upperBound) / Double(images.count),
          position: "test images \(positions.upperBound)/\(images.count)"))
    }
    let matrix = try found.matrix(
      rows: LayerMatrix.Side(state: .trained, initialisation: pair.first, layers: layers),
      columns: LayerMatrix.Side(state: .trained, initialisation: pair.second, layers: layers))
    return found.outcome(
      [matrix], options, diverged: models.contains { $0.model.diverged }, context)
  }
}

extension CKAAccumulator {
  fileprivate func matrix(rows: LayerMatrix.Side, columns: LayerMatrix.Side) throws -> LayerMatrix {
    LayerMatrix(metric: "cka", rows: rows, columns: columns, values: try matrix())
  }

  /// - Parameter matrices: All of as many images as this one.
  fileprivate func outcome(
    _ matrices: [LayerMatrix], _ options: SimilarityOptions, diverged: Bool, _ context: StageContext
  ) -> StageOutcome {
    var facts = LayerMeasures(matrices: matrices).facts
    facts["images"] = .number(Double(images))
    if skippedImages > 0 {
      facts["skipped_images"] = .number(Double(skippedImages))
      context.log("\(skippedImages) images of a last batch too small for an unbiased estimate (below 4) do not count")
    }
    let constant = matrices.flatMap { matrix in
      matrix.rows.layers.indices.filter { row in
        (0..<matrix.columns.layers.count).allSatisfy { matrix.values[row * matrix.columns.layers.count + $0] == nil }
      }.map { matrix.rows.layers[$0] }
    }.uniqued()
    if !constant.isEmpty {
      context.log("no value for \(constant.joined(separator: ", ")): there the images do not differ")
    }
    return StageOutcome(diverged: diverged, facts: .object(facts))
  }
}
