import CImage

/// Images of a store, made ready for a network batch by batch.
public struct StoredImageSource: ImageSource {
  public let shape: ImageShape
  public let labels: [Int]
  public let targets: [Float]?
  public var classes: Int { store.classes.count }
  public var count: Int { positions.count }
  /// The stored position of each image.
  public let positions: [Int]

  private let store: StoredImages
  private let pipeline: ImagePipeline
  private let table: [Float]
  private let threads: Int

  init(store: StoredImages, positions: [Int], pipeline: ImagePipeline, threads: Int) throws {
    self.store = store
    self.positions = positions
    self.pipeline = pipeline
    self.threads = threads
    table = try pipeline.normalisation()
    guard store.channels == 1 || store.channels == pipeline.channels else {
      throw DataFault.channelMismatch(stored: store.channels, wanted: pipeline.channels)
    }
    let known = positions.map(store.label)
    labels = known.compactMap(\.index)
    targets =
      store.showsSeveralClasses
      ? known.flatMap { label in (0..<store.classes.count).map { label[$0].target } } : nil
    let sizes = Set(positions.map(store.shape))
    let evaluation = try ImagePipeline.outputSize(of: pipeline.evaluation, from: sizes, list: "evaluation")
    let training = try ImagePipeline.outputSize(of: pipeline.training, from: sizes, list: "training")
    guard training == evaluation else { throw DataFault.unequalSizes(training: training, evaluation: evaluation) }
    shape = ImageShape(channels: pipeline.channels, height: evaluation.height, width: evaluation.width)
  }

  public func batch(_ positions: [Int], draws: RandomStream?) throws -> ImageBatch {
    let size = shape.channels * shape.height * shape.width
    var failures = [String?](repeating: nil, count: positions.count)
    let pixels = [Float](unsafeUninitializedCapacity: size * positions.count) { buffer, initialised in
      nonisolated(unsafe) let output = buffer.baseAddress
      failures.withUnsafeMutableBufferPointer { failures in
        nonisolated(unsafe) let failures = failures
        ConcurrentWork.forEach(positions.count, threads: threads) { index in
          guard let output else { return }
          failures[index] = fill(
            output + index * size, with: self.positions[positions[index]], draws: draws?.child(UInt64(index)))
        }
      }
      initialised = size * positions.count
    }
    if let reason = failures.lazy.compactMap({ $0 }).first { throw DataFault.processing(reason: reason) }
    return labelled(ImageBatch(pixels: pixels, shape: shape, count: positions.count, labels: []), positions)
  }

  public func batch(_ positions: [Int], draws: RandomStream?, on device: Device) throws -> ImageBatch {
    if device == .cpu { return try batch(positions, draws: draws) }
    return try batchByTensors(positions, draws: draws, on: device)
  }

  /// The same by operations on tensors of the device.
  ///
  /// - Parameter resident: Whether the store's samples may stay on the device from batch to batch.
  package func batchByTensors(
    _ positions: [Int], draws: RandomStream?, on device: Device, resident: Bool = true
  ) throws -> ImageBatch {
    let stored = positions.map { self.positions[$0] }
    let tensor = try Native.recording(false) {
      var images = try store.images(stored, on: device, resident: resident)
      try images.apply(stored.enumerated().map { steps(for: $1, draws: draws?.child(UInt64($0))) })
      return try images.normalised(mean: pipeline.mean, deviation: pipeline.standardDeviation, to: shape)
    }
    var batch = labelled(ImageBatch(pixels: [], shape: shape, count: positions.count, labels: []), positions)
    batch.prepared = PreparedImages(tensor)
    return batch
  }

  private func labelled(_ batch: ImageBatch, _ positions: [Int]) -> ImageBatch {
    var batch = batch
    if let targets {
      batch.targets = positions.flatMap { targets[($0 * classes)..<(($0 + 1) * classes)] }
    } else {
      batch.labels = positions.map { labels[$0] }
    }
    return batch
  }

  /// What the network would see of one image, before normalisation.
  public func preview(_ position: Int, draws: RandomStream?) throws -> Picture {
    let steps = steps(for: positions[position], draws: draws)
    return try store.picture(positions[position]).applying(steps)
  }

  private func steps(for stored: Int, draws: RandomStream?) -> [ImageStep] {
    let image = store.shape(stored)
    var path = TransformPath(width: image.width, height: image.height)
    var stream = draws ?? RandomStream(seed: 0, purpose: "evaluation")
    for transform in draws == nil ? pipeline.evaluation : pipeline.training {
      transform.extend(&path, draws: &stream)
    }
    path.settle()
    return path.steps
  }

  /// Writes one image; the reason where that fails.
  private func fill(_ output: UnsafeMutablePointer<Float>, with stored: Int, draws: RandomStream?) -> String? {
    let image = store.shape(stored)
    let steps = steps(for: stored, draws: draws).map(\.native)
    var message = [CChar](repeating: 0, count: 256)
    let status = cimage_apply_to_floats(
      store.pixels(stored).baseAddress, Int32(image.width), Int32(image.height), Int32(image.channels), steps,
      Int32(steps.count), table, Int32(shape.channels), Int32(shape.height), Int32(shape.width), output, &message,
      message.count)
    if status == CIMAGE_OK { return nil }
    return message.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } } ?? "unknown"
  }
}
