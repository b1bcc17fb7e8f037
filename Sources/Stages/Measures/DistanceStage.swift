import Engine
import Planner
import WorkerProtocol

/// The Frechet distance between the features of a data set's training images and those of a source: what one backbone's
/// head is given.
///
/// Leaves `statistics.npz`, the data set's own mean and covariance.
struct DistanceStage {
  static let statisticsName = "statistics.npz"

  let request: StageRequest
  let parameters: DistanceParameters

  init(_ request: StageRequest) throws {
    self.request = request
    parameters = try DistanceParameters(request.parameters)
  }

  func run(_ context: StageContext) throws -> StageOutcome {
    let weights = try Safetensors.read(request.file(WeightsStage.modelName, of: "weights")).tensors
    let target = try statistics(of: "dataset", weights, context)
    try target.statistics.write(to: request.outputFile(Self.statisticsName))
    let source: (statistics: FeatureStatistics, images: Int?)
    if request.inputs.contains(where: { $0.role == "source" }) {
      let found = try statistics(of: "source", weights, context)
      source = (found.statistics, found.images)
    } else {
      guard let path = request.locations["statistics"] else { throw StageFailure.mismatched(request) }
      source = (try FeatureStatistics(archive: path, scratch: request.outputFolder), nil)
      guard source.statistics.width == target.statistics.width else {
        throw StageFailure(
          .data,
          "\(path) has statistics of \(source.statistics.width) features, and \(parameters.backbone) gives "
            + "\(target.statistics.width)", remedy: "name the backbone that they were made with")
      }
    }
    let distance = try FrechetDistance.between(target.statistics, source.statistics)
    context.log("Frechet distance \(distance) by \(parameters.backbone), \(target.images) images")
    var facts: [String: JSONValue] = [
      "distance": .number(distance), "backbone": .string(parameters.backbone),
      "images": .number(Double(target.images)), "width": .number(Double(target.statistics.width)),
    ]
    if let images = source.images { facts["source_images"] = .number(Double(images)) }
    if let few = [target.images, source.images].compactMap({ $0 }).min(), few <= target.statistics.width {
      // Fewer images than features leave the covariance singular: the distance stands, and depends on how many there are.
      let remark =
        "\(few) images for \(target.statistics.width) features: the distance depends on the number of images"
      context.log(remark)
      facts["remarks"] = .texts([remark])
    }
    return StageOutcome(facts: .object(facts))
  }

  /// - Parameter role: What the request calls the data set.
  private func statistics(
    of role: String, _ weights: StateDict, _ context: StageContext
  ) throws -> (statistics: FeatureStatistics, images: Int) {
    let device = try Device(request.device)
    let data = try TrainingData(
      StoredImages(path: request.file(DatasetStage.storeName, of: role)), options: parameters.training,
      threads: request.threads)
    let images = try data.source(.train)
    let network = try SourceTransfer(
      backbone: parameters.backbone, initialisation: .weights(weights), classes: 1,
      options: parameters.training.network(channels: data.channels), stem: parameters.training.stem.engine,
      device: device
    ).network(seed: 0).network
    var accumulator: FeatureStatistics.Accumulator?
    try images.forEachBatch(of: PassNeeds.TestPass.standardBatch, on: device) { positions, batch in
      if context.shouldStop { throw StageStopped() }
      guard let features = try network.read(batch, ActivationReading.Request(features: true)).features else { return }
      var sums = accumulator ?? FeatureStatistics.Accumulator(width: features.shape.last ?? 0)
      try sums.add(features.values())
      accumulator = sums
      context.report(
        StageProgress(
          fraction: Double(positions.upperBound) / Double(images.count),
          position: "images of the \(role == "source" ? "source" : "data set") \(positions.upperBound)/\(images.count)")
      )
    }
    guard let accumulator else { throw EngineError.data("\(request.label): no training images to take features of") }
    return (try accumulator.statistics(), images.count)
  }
}
