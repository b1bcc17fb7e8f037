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
    let store = try StoredImages(path: try request.file(DatasetStage.storeName, of: "dataset"))
    try self.init(store, options: options, threads: request.threads)
  }

  init(_ store: StoredImages, options: Planner.TrainingOptions, threads: Int) throws {
    self.store = store
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
      training: options.trainingTransforms.map { $0.engine(mean: mean) },
      evaluation: options.evaluationTransforms.map { $0.engine(mean: mean) }, channels: channels, mean: mean,
      standardDeviation: deviation)
    self.threads = threads
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
  ///
  /// - Parameter mean: What normalisation makes 0, a number from 0 to 1 a channel.
  fileprivate func engine(mean: [Float]) -> ImageTransform {
    switch self {
    case .resize(let size, false): .resizeExactly(width: size, height: size)
    case .resize(let size, true): .resize(shortSide: size)
    case .centerCrop(let size): .centerCrop(size)
    case .randomCrop(let size, let padding, let fill): .randomCrop(size: size, padding: padding, fill: fill)
    case .randomResizedCrop(let size, let scale, let ratio): .randomResizedCrop(size: size, scale: scale, ratio: ratio)
    case .horizontalFlip(let p): .horizontalFlip(probability: p)
    case .verticalFlip(let p): .verticalFlip(probability: p)
    case .randomRotation(let degrees, let fill, let p): .randomRotation(degrees: degrees, fill: fill, probability: p)
    case .randomAffine(let degrees, let translate, let scale, let shear, let shearY, let fill, let p):
      .randomAffine(
        ImageTransform.AffineRanges(
          degrees: degrees, translate: (translate.first ?? 0, translate.last ?? 0), scale: scale, shearX: shear,
          shearY: shearY), fill: fill, probability: p)
    case .randomPerspective(let distortion, let fill, let p):
      .randomPerspective(distortion: distortion, fill: fill, probability: p)
    case .colorJitter(let brightness, let contrast, let saturation, let hue, let p):
      .colorJitter(brightness: brightness, contrast: contrast, saturation: saturation, hue: hue, probability: p)
    case .randomGrayscale(let p): .randomGrayscale(probability: p)
    case .gaussianBlur(let size, let sigma, let p): .gaussianBlur(size: size, sigma: sigma, probability: p)
    case .solarize(let threshold, let p): .solarize(threshold: threshold, probability: p)
    case .randomErasing(let scale, let ratio, let value, let p):
      .randomErasing(scale: scale, ratio: ratio, levels: value.levels(mean: mean), probability: p)
    case .multiCrop(let count, let size, let scale, let ratio):
      .multiCrop(count: count, size: size, scale: scale, ratio: ratio)
    }
  }
}

extension TransformSpec.ErasedValue {
  fileprivate func levels(mean: [Float]) -> [UInt8] {
    switch self {
    case .mean: mean.map { UInt8((min(max($0, 0), 1) * 255).rounded()) }
    case .level(let level): [UInt8(clamping: level)]
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
