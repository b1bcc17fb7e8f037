import Engine
import Planner
import WorkerProtocol

/// A data set as a training reads it: the store that its stage left, through the transforms of the training options.
struct TrainingData {
  let store: StoredImages
  /// Of the images as the network sees them.
  let channels: Int
  private let pipeline: ImagePipeline
  private let threads: Int

  init(_ request: StageRequest, options: Planner.TrainingOptions) throws {
    store = try StoredImages(path: try request.file(DatasetStage.storeName, of: "dataset"))
    let facts = store.facts
    // Where the stem takes three channels, an image stored in grey fills all of them, and so do its statistics.
    let channels = options.stem == .three ? 3 : store.channels
    func fitting(_ values: [Float]) -> [Float] { Self.fitting(values, channels) }
    func published(_ values: KeyPath<ImageStoreFacts.PublishedStatistics, [Double]>) throws -> [Float] {
      guard let statistics = facts.published else {
        throw StageFailure(
          .spec, "`normalise` is `published`, and nothing is published for this data set",
          remedy: "set `normalise: dataset` or give numbers")
      }
      return statistics[keyPath: values].map(Float.init)
    }
    let (mean, deviation): ([Float], [Float]) =
      switch options.normalise {
      case .imagenet: (fitting(ImagePipeline.imageNetMean), fitting(ImagePipeline.imageNetStandardDeviation))
      case .dataset: (fitting(facts.mean.map(Float.init)), fitting(facts.standardDeviation.map(Float.init)))
      case .published: (fitting(try published(\.mean)), fitting(try published(\.standardDeviation)))
      case .given(let mean, let sd): (fitting(mean.map(Float.init)), fitting(sd.map(Float.init)))
      }
    self.channels = channels
    pipeline = ImagePipeline(
      training: options.trainingTransforms.map(\.engine), evaluation: options.evaluationTransforms.map(\.engine),
      channels: channels, mean: mean, standardDeviation: deviation)
    threads = request.threads
  }

  /// One value for all channels, or the first of several for a single one.
  private static func fitting(_ values: [Float], _ channels: Int) -> [Float] {
    switch (values.count, channels) {
    case (1, 3): [values[0], values[0], values[0]]
    case (3, 1): [values[0]]
    default: values
    }
  }

  func source(_ split: Split, subset: [Int]? = nil) throws -> StoredImageSource {
    try store.source(split: split, subset: subset, pipeline: pipeline, threads: threads)
  }
}

extension Planner.TrainingOptions {
  /// What of the network itself the options say.
  ///
  /// - Parameter channels: Of the images as the network sees them.
  func network(channels: Int) -> NetworkOptions {
    NetworkOptions(imageSize: imageSize, patchSize: backbone.patchSize, channels: channels, dropPath: backbone.dropPath)
  }
}

extension TransformSpec {
  /// The engine's transform of the same meaning.
  fileprivate var engine: ImageTransform {
    switch self {
    case .resize(let size): .resizeExactly(width: size, height: size)
    case .centerCrop(let size): .centerCrop(size)
    case .randomResizedCrop(let size, let scale, let ratio): .randomResizedCrop(size: size, scale: scale, ratio: ratio)
    case .horizontalFlip(let p): .horizontalFlip(probability: p)
    case .verticalFlip(let p): .verticalFlip(probability: p)
    case .colorJitter(let brightness, let contrast, let saturation, let hue, let p):
      .colorJitter(brightness: brightness, contrast: contrast, saturation: saturation, hue: hue, probability: p)
    case .randomGrayscale(let p): .randomGrayscale(probability: p)
    }
  }
}

extension Planner.Metric {
  /// The metric's value; where images may show several classes, the mean of the classes' own areas.
  ///
  /// - Parameter targets: As an image source has them; nil where every image is of one class.
  func value(probabilities: [Float], labels: [Int], targets: [Float]?, classes: Int) -> Double {
    if let targets { return MultiLabelAUC.value(scores: probabilities, targets: targets, classes: classes) }
    return engine.value(probabilities: probabilities, labels: labels, classes: classes)
  }

  /// The engine's metric of the same name.
  var engine: Engine.Metric {
    switch self {
    case .accuracy: .accuracy
    case .macroRecall: .macroRecall
    case .quadraticKappa: .quadraticKappa
    case .rocAUC: .rocAUC
    }
  }
}
