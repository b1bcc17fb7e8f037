import Engine
import Planner
import WorkerProtocol

/// Passes of a model's images, and what measures take from them. One pass serves all measures that need the same weights and
/// images: what the stages to come will ask for is taken along. What is found does not depend on who asked first.
package final class ModelPasses {
  package let model: MeasuredModel
  /// Bytes that queries and searches may hold at a time.
  let budget: Int
  private var evaluation: Evaluation?
  private var features: FeatureRows?
  private var queries: [LayerQueries: [String: FeatureRows]] = [:]
  private var votes: [NeighbourOptions: Votes] = [:]
  private var layerVotes: [PassNeeds.Layerwise: LayerVotes] = [:]
  private var matrices: [PassNeeds.Similarity: Similarities] = [:]
  private var sizes: [LayerQueries: [LayerSize]] = [:]

  typealias LayerSize = (name: String, width: Int, parts: Int)

  private struct LayerQueries: Hashable {
    let state: MeasuredState
    let probe: Probe
  }

  /// Three comparisons of the same layers.
  struct Similarities {
    var initial: CKAAccumulator
    var crossed: CKAAccumulator
    var trained: CKAAccumulator
  }

  package static let standardBudget = 2 << 30

  /// - Parameter budget: Where searches would hold more, the bank passes once for each group of layers.
  package init(_ model: MeasuredModel, budget: Int = standardBudget) {
    self.model = model
    self.budget = budget
  }

  /// What the trained model says of the test images.
  ///
  /// - Parameter coming: What the stages that follow will need.
  func evaluation(coming: PassNeeds, _ context: StageContext) throws -> Evaluation {
    if evaluation == nil { try passTest(PassNeeds(), coming, context) }
    return try Self.found(evaluation)
  }

  /// What the head is given for each test image.
  func features(coming: PassNeeds, _ context: StageContext) throws -> FeatureRows {
    if features == nil { try passTest(PassNeeds(), coming, context) }
    return try Self.found(features)
  }

  func similarities(_ own: PassNeeds, coming: PassNeeds, _ context: StageContext) throws -> Similarities {
    guard let need = own.similarities.first else { return try Self.found(nil) }
    if matrices[need] == nil { try passTest(own, coming, context) }
    return try Self.found(matrices[need])
  }

  func votes(_ own: PassNeeds, coming: PassNeeds, _ context: StageContext) throws -> Votes {
    guard let need = own.neighbours.first else { return try Self.found(nil) }
    if votes[need] == nil { try passBank(.trained, need.bank, own, coming, context) }
    return try Self.found(votes[need])
  }

  func layerVotes(_ own: PassNeeds, coming: PassNeeds, _ context: StageContext) throws -> LayerVotes {
    guard let need = own.layerwise.first else { return try Self.found(nil) }
    if layerVotes[need] == nil { try passBank(need.state, need.vote.bank, own, coming, context) }
    return try Self.found(layerVotes[need])
  }

  private static func found<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw EngineError.native("a pass did not leave what it was made for") }
    return value
  }

  // MARK: - Test images

  /// Shows the test images to the trained network and, where that is needed, to the network as it began.
  private func passTest(_ own: PassNeeds, _ coming: PassNeeds, _ context: StageContext) throws {
    guard let trained = try model.trained() else { return }
    let probe = own.layerwise.first?.probe ?? coming.layerwise.first?.probe ?? coming.similarities.first?.pass.probe
    let pass = own.similarities.first?.pass ?? PassNeeds.TestPass(probe: probe ?? .branch)
    let isStandard = pass.batchSize == PassNeeds.TestPass.standardBatch
    let isFirst = isStandard && evaluation == nil
    // What is only to come must not keep what is asked for from being found.
    var initial: (any Network)?
    var coming = coming
    if let first = own.first {
      initial = try model.initial(first)
    } else if let first = coming.first {
      do { initial = try model.initial(first) } catch {
        context.log("left to the stages that need it: \(StageFailure(explaining: error).message)")
        coming = coming.ofTrained
      }
    }
    let similarities = (own.similarities + coming.similarities).uniqued()
      .filter { $0.pass == pass && matrices[$0] == nil }
    let layerwise = (own.layerwise + coming.layerwise).uniqued()
      .filter { isStandard && $0.probe == pass.probe && layerVotes[$0] == nil }
    let states = try layerwise.map(\.state).uniqued().filter { state in
      guard queries[LayerQueries(state: state, probe: pass.probe)] == nil else { return false }
      return try layerwise.filter { $0.state == state }.allSatisfy { try fits($0) }
    }
    let layers = trained.probes.dropLast()
    var found = similarities.map { need in
      let accumulator = CKAAccumulator(rows: Array(layers), columns: Array(layers), estimator: need.estimator)
      return Similarities(initial: accumulator, crossed: accumulator, trained: accumulator)
    }
    var request = ActivationReading.Request(probe: pass.probe)
    request.grams = similarities.isEmpty ? [] : Set(layers)
    var logits: [Float] = []
    var rows = FeatureRows()
    var gathered: [MeasuredState: [String: FeatureRows]] = [:]

    func read(_ network: any Network, _ state: MeasuredState, _ images: Tensor) throws -> ActivationReading {
      var request = request
      request.features = isFirst && state == .trained
      request.pooled = states.contains(state) ? Set(network.probes) : []
      let reading = try network.read(images, request)
      for (layer, features) in reading.pooled {
        try gathered[state, default: [:]][layer, default: FeatureRows()].append(features)
      }
      return reading
    }
    let needsTrained = isFirst || !similarities.isEmpty || states.contains(.trained)
    let needsInitial = !similarities.isEmpty || states.contains(.initial)
    try forEachBatch(of: model.test, size: pass.batchSize, "test images", context) { images in
      let reading = try needsTrained ? read(trained, .trained, images) : nil
      if isFirst, let reading {
        logits += try reading.logits.values()
        if let features = reading.features { try rows.append(PooledFeatures(features, layout: .vector)) }
      }
      guard needsInitial, let initial else { return }
      let other = try read(initial, .initial, images)
      guard let reading, !similarities.isEmpty else { return }
      let (own, before) = (layers.compactMap { reading.grams[$0] }, layers.compactMap { other.grams[$0] })
      for index in found.indices {
        try found[index].initial.add(rows: before, columns: before)
        try found[index].crossed.add(rows: own, columns: before)
        try found[index].trained.add(rows: own, columns: own)
      }
    }
    for (need, result) in zip(similarities, found) { matrices[need] = result }
    for (state, layers) in gathered { queries[LayerQueries(state: state, probe: pass.probe)] = layers }
    if isFirst {
      evaluation = try Evaluation.of(logits: logits, of: model.test)
      features = rows
    }
  }

  // MARK: - Training images

  /// Shows the bank's images to the network in a state: for neighbours among the final features, and at every layer.
  private func passBank(
    _ state: MeasuredState, _ bank: NeighbourOptions.Bank, _ own: PassNeeds, _ coming: PassNeeds,
    _ context: StageContext
  ) throws {
    let network: (any Network)?
    switch state {
    case .trained, .source: network = try model.trained()
    case .initial: network = try own.first.map { try model.initial($0) }
    }
    guard let network, let subset = own.subset else { return }
    let images = try model.data.bank(bank, fraction: subset.fraction, seed: subset.seed)
    let neighbours = (own.neighbours + coming.neighbours).uniqued()
      .filter { state == .trained && $0.bank == bank && votes[$0] == nil }
    // One probe at a time; what does not fit beside the rest goes by itself.
    let probe = own.layerwise.first?.probe ?? coming.layerwise.first { $0.state == state }?.probe ?? .branch
    let wanted = try (own.layerwise + coming.layerwise).uniqued().filter {
      try $0.state == state && $0.vote.bank == bank && $0.probe == probe && layerVotes[$0] == nil && fits($0)
    }
    if let need = own.layerwise.first, !wanted.contains(need) {
      layerVotes[need] = try LayerwiseNeighbours(
        network: network, layers: network.probes, test: model.test, bank: images, vote: need.vote, probe: need.probe,
        device: model.device
      ).votes(
        in: try LayerSearch.groups(layerSizes(need), queries: model.test.count, k: need.vote.k, budget: budget), context
      )
      return
    }
    let key = LayerQueries(state: state, probe: probe)
    if !neighbours.isEmpty && features == nil || !wanted.isEmpty && queries[key] == nil {
      try passTest(own, coming, context)
    }
    let searches = try neighbours.map { need in
      try NeighbourSearch(queries: Self.found(features), k: min(need.k, images.count), device: model.device)
    }
    let layerSearches = try wanted.map { need in
      try LayerSearch(
        layers: network.probes, queries: Self.found(queries[key]), k: min(need.vote.k, images.count),
        device: model.device)
    }
    let request = ActivationReading.Request(
      probe: probe, features: !searches.isEmpty, pooled: layerSearches.isEmpty ? [] : Set(network.probes))
    try forEachBatch(of: images, size: PassNeeds.TestPass.standardBatch, "training images", context) { batch in
      let reading = try network.read(batch, request)
      if let features = reading.features {
        let pooled = try PooledFeatures(features, layout: .vector)
        for search in searches { try search.add(pooled) }
      }
      for search in layerSearches { try search.add(reading.pooled) }
    }
    for (need, search) in zip(neighbours, searches) {
      votes[need] = try Votes(search.neighbours(by: .all), of: need, bank: images)
    }
    for (need, search) in zip(wanted, layerSearches) {
      layerVotes[need] = LayerVotes(
        results: try search.results { try Votes($0, of: need.vote, bank: images) }, passes: 1)
    }
    queries[key] = nil
  }

  // MARK: - Room

  private func fits(_ need: PassNeeds.Layerwise) throws -> Bool {
    try LayerSearch.groups(layerSizes(need), queries: model.test.count, k: need.vote.k, budget: budget).count == 1
  }

  /// What each layer's features measure: from one image.
  private func layerSizes(_ need: PassNeeds.Layerwise) throws -> [LayerSize] {
    let key = LayerQueries(state: .trained, probe: need.probe)
    if let known = sizes[key] { return known }
    guard let network = try model.trained(), model.test.count > 0 else { return [] }
    let found = try LayerwiseNeighbours.sizes(network, of: model.test, probe: need.probe, device: model.device)
    sizes[key] = found
    return found
  }

  private func forEachBatch(
    of source: StoredImageSource, size: Int, _ what: String, _ context: StageContext, _ body: (Tensor) throws -> Void
  ) throws {
    try source.forEachBatch(of: size, on: model.device) { positions, images in
      if context.shouldStop { throw StageStopped() }
      try body(images)
      context.report(
        StageProgress(
          fraction: Double(positions.upperBound) / Double(source.count + 1),
          position: "\(what) \(positions.upperBound)/\(source.count)"))
    }
  }
}

extension Sequence where Element: Hashable {
  /// Each element once, at its first place.
  func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
