import CImage

/// Images of a store, made ready for a network batch by batch.
public struct StoredImageSource: ImageSource {
  public let shape: ImageShape
  public let labels: [Int]
  public let targets: [Float]?
  public var classes: Int { store.classes.count }
  public var classNames: [String] { store.classes }
  public var learnsUnknown: Bool { store.learnsUnknown }
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
    let sizes = Set(
      positions.map { position in
        var shape = store.shape(position)
        shape.channels = store.channels
        return shape
      })
    let evaluation = try ImagePipeline.outputSize(of: pipeline.evaluation, from: sizes, list: .evaluation)
    let training = try ImagePipeline.outputSize(of: pipeline.training, from: sizes, list: .training)
    guard training == evaluation else { throw DataFault.unequalSizes(training: training, evaluation: evaluation) }
    shape = ImageShape(channels: pipeline.channels, height: evaluation.height, width: evaluation.width)
  }

  public func batch(_ positions: [Int], draws: RandomStream?) throws -> ImageBatch {
    let size = shape.channels * shape.height * shape.width
    let views = draws == nil ? 1 : pipeline.views
    let count = positions.count * views
    var failures = [String?](repeating: nil, count: positions.count)
    let pixels = [Float](unsafeUninitializedCapacity: size * count) { buffer, initialised in
      nonisolated(unsafe) let output = buffer.baseAddress
      failures.withUnsafeMutableBufferPointer { failures in
        nonisolated(unsafe) let failures = failures
        ConcurrentWork.forEach(positions.count, threads: threads) { index in
          guard let output else { return }
          let stored = self.positions[positions[index]]
          for (view, steps) in steps(for: stored, draws: draws?.child(UInt64(index))).enumerated() {
            let place = output + (index * views + view) * size
            failures[index] = failures[index] ?? fill(place, with: stored, after: steps)
          }
        }
      }
      initialised = size * count
    }
    if let reason = failures.lazy.compactMap({ $0 }).first { throw DataFault.processing(reason: reason) }
    return labelled(ImageBatch(pixels: pixels, shape: shape, count: count, labels: []), positions, views: views)
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
    let views = draws == nil ? 1 : pipeline.views
    let each = positions.map { self.positions[$0] }
    let stored = each.flatMap { repeatElement($0, count: views) }
    let tensor = try Native.recording(false) {
      var images = try store.images(stored, on: device, resident: resident)
      try images.apply(each.enumerated().flatMap { steps(for: $1, draws: draws?.child(UInt64($0))) })
      return try images.normalised(mean: pipeline.mean, deviation: pipeline.standardDeviation, to: shape)
    }
    var batch = labelled(
      ImageBatch(pixels: [], shape: shape, count: stored.count, labels: []), positions, views: views)
    batch.prepared = PreparedImages(tensor)
    return batch
  }

  /// The batch with what is known of each image's classes: of a position's views the same.
  private func labelled(_ batch: ImageBatch, _ positions: [Int], views: Int) -> ImageBatch {
    var batch = batch
    let each = positions.flatMap { repeatElement($0, count: views) }
    if let targets {
      batch.targets = each.flatMap { targets[($0 * classes)..<(($0 + 1) * classes)] }
    } else {
      batch.labels = each.map { labels[$0] }
    }
    return batch
  }

  /// What the network would see of one image, before normalisation: as many pictures as training makes of it, or the one by
  /// which it is evaluated where there are no draws.
  public func preview(_ position: Int, draws: RandomStream?) throws -> [Picture] {
    let picture = store.picture(positions[position])
    return try steps(for: positions[position], draws: draws).map(picture.applying)
  }

  /// The steps that make each view of an image; those before a multi-crop are the same in all.
  private func steps(for stored: Int, draws: RandomStream?) -> [[ImageStep]] {
    let image = store.shape(stored)
    var path = TransformPath(width: image.width, height: image.height)
    var stream = draws ?? RandomStream(seed: 0, purpose: "evaluation")
    let transforms = draws == nil ? pipeline.evaluation : pipeline.training
    let shared = transforms.firstIndex { if case .multiCrop = $0 { true } else { false } } ?? transforms.count
    for transform in transforms[..<shared] { transform.extend(&path, draws: &stream) }
    guard shared < transforms.count else {
      path.settle()
      return [path.steps]
    }
    return (0..<transforms[shared].views).map { view in
      var (path, stream) = (path, stream.child(UInt64(view)))
      for transform in transforms[shared...] { transform.extend(&path, draws: &stream) }
      path.settle()
      return path.steps
    }
  }

  /// Writes one image; the reason where that fails.
  private func fill(
    _ output: UnsafeMutablePointer<Float>, with stored: Int, after steps: [ImageStep]
  ) -> String? {
    let image = store.shape(stored)
    let steps = steps.map(\.native)
    var message = [CChar](repeating: 0, count: 256)
    let status = cimage_apply_to_floats(
      store.pixels(stored).baseAddress, Int32(image.width), Int32(image.height), Int32(image.channels), steps,
      Int32(steps.count), table, Int32(shape.channels), Int32(shape.height), Int32(shape.width), output, &message,
      message.count)
    if status == CIMAGE_OK { return nil }
    return message.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } } ?? "unknown"
  }
}
