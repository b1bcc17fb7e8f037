import Engine
import Planner
import WorkerProtocol

/// A cell's trained model, its images, and its first weights where a measure looks at them.
package final class MeasuredModel {
  let model: TrainedModel
  let data: TrainingData
  let test: StoredImageSource
  let device: Device
  private let request: StageRequest
  private var trainedNetwork: (any Network)?
  private var initialNetwork: (any Network)?

  /// - Parameter role: What the request calls the trained model.
  package init(_ request: StageRequest, role: String = "model") throws {
    self.request = request
    model = try TrainedModel.read(request.file(TrainedModel.fileName, of: role))
    device = try Device(request.device)
    data = try TrainingData(request, options: model.training)
    test = try data.source(.test)
  }

  /// The network with its best weights; nil where its training diverged before there were any.
  package func trained() throws -> (any Network)? {
    if let trainedNetwork { return trainedNetwork }
    guard let weights = model.weights else { return nil }
    let network = try make()
    try network.load(weights)
    trainedNetwork = network
    return network
  }

  /// The network as its training began: drawn again, from the same streams and source weights.
  ///
  /// - Throws: `StageFailure` where what comes out is not what was trained.
  func initial(_ first: FirstWeights) throws -> any Network {
    if let initialNetwork { return initialNetwork }
    let network = try SourceTransfer(
      backbone: model.backbone,
      initialisation: first.initialisation.engine(
        source: first.source, positional: model.training.backbone.positional), classes: test.outputs,
      options: model.training.network(channels: data.channels), stem: model.training.stem.engine, device: device
    ).network(seed: UInt64(first.seed)).network
    if let digest = model.initialDigest, try digest != network.stateDict().digest {
      throw StageFailure(
        .data, "\(request.label): the weights that the model began with cannot be made again: they come out otherwise",
        remedy: "it was trained by another build of Graft; `graft explain` names its folder: remove it, and run again")
    }
    initialNetwork = network
    return network
  }

  private func make() throws -> any Network {
    try Backbone.make(
      name: model.backbone, classes: test.outputs, options: model.training.network(channels: data.channels),
      device: device)
  }
}

/// What a model's first weights are made from.
struct FirstWeights: Hashable {
  let initialisation: InitialisationSpec
  let seed: Int
  /// The file of the source weights; nil where it reads none.
  let source: String?

  /// Nil where the stage does not look at first weights: it has no source among its inputs where one is read.
  init?(_ parameters: MeasureParameters, _ inputs: [ResolvedInput]) {
    initialisation = parameters.initialisation
    seed = parameters.seed
    let folder = inputs.first { $0.role == "weights" }?.folder
    source = parameters.initialisation.readsWeights ? folder.map { "\($0)/\(WeightsStage.modelName)" } : nil
    if parameters.initialisation.readsWeights && source == nil { return nil }
  }
}

extension TrainingData {
  /// The training images that neighbours are looked for among, in the order of the store.
  func bank(_ bank: NeighbourOptions.Bank, fraction: Double, seed: Int) throws -> StoredImageSource {
    switch bank {
    case .split: try source(.train)
    case .fraction:
      try source(.train, subset: store.subset(of: .train, fraction: fraction, seed: UInt64(seed)))
    }
  }
}

extension InitialisationSpec {
  /// The engine's of the same meaning.
  ///
  /// - Parameter source: The file of the source weights; nil where it reads none.
  func engine(source: String?, positional: PositionalStatistics) throws -> Initialisation {
    guard let source else { return .random }
    let weights = try Safetensors.read(source).tensors
    let treatment: Initialisation.Positional =
      switch positional {
      case .kept: .kept
      case .sampled: .sampled
      }
    return switch self {
    case .random: .random
    case .statistics: .statistics(weights, positional: treatment)
    case .mixture(let depth): .transfer(weights, upTo: depth, positional: treatment)
    case .weights: .weights(weights)
    }
  }
}
