import Engine
import Planner
import WorkerProtocol

/// A data set as a training reads it: the store that its stage left, through the transforms of the training options.
struct TrainingData {
  let store: StoredImages
  private let pipeline: ImagePipeline
  private let threads: Int

  init(_ request: StageRequest, options: Planner.TrainingOptions) throws {
    store = try StoredImages(path: try request.file(DatasetStage.storeName, of: "dataset"))
    let facts = store.facts
    // A network sees three channels; an image stored in grey fills all of them, and so do its statistics.
    let (mean, deviation): ([Float], [Float]) =
      switch options.normalise {
      case .imagenet: (ImagePipeline.imageNetMean, ImagePipeline.imageNetStandardDeviation)
      case .dataset: (Self.threeChannels(facts.mean), Self.threeChannels(facts.standardDeviation))
      case .given(let mean, let sd): (Self.threeChannels(mean), Self.threeChannels(sd))
      }
    pipeline = ImagePipeline(
      training: options.trainingTransforms.map(\.engine), evaluation: options.evaluationTransforms.map(\.engine),
      channels: 3, mean: mean, standardDeviation: deviation)
    threads = request.threads
  }

  private static func threeChannels(_ values: [Double]) -> [Float] {
    let values = values.map(Float.init)
    return values.count == 1 ? [values[0], values[0], values[0]] : values
  }

  func source(_ split: Split, subset: [Int]? = nil) throws -> StoredImageSource {
    try store.source(split: split, subset: subset, pipeline: pipeline, threads: threads)
  }
}

extension Planner.TrainingOptions {
  /// What of the network itself the options say.
  var network: NetworkOptions {
    NetworkOptions(imageSize: imageSize, patchSize: backbone.patchSize, dropPath: backbone.dropPath)
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
