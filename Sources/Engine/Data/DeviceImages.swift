internal import CTorch

/// Stored images made ready on a device: their 8-bit samples are sent there, or lie there already, and resized, altered and
/// normalised by libtorch's operators, with the numbers that the CPU's own kernels would have been given.
struct DeviceImages {
  /// [n, channels, height, width], whole levels; each image at the upper left.
  private var canvas: Tensor
  private var sizes: [(height: Int, width: Int)]

  /// - Parameter bytes: Where the images' samples lie; `offsets` says where in it each begins.
  init(_ shapes: [ImageShape], in bytes: Tensor, offsets: [Int]) throws {
    sizes = shapes.map { ($0.height, $0.width) }
    let (heights, widths) = (shapes.map { Int64($0.height) }, shapes.map { Int64($0.width) })
    let channels = shapes.map { Int64($0.channels) }
    canvas = try Native.made { out in
      graft_images(
        bytes.handle, offsets.map(Int64.init), heights, widths, channels, Int64(shapes.count),
        &out)
    }
  }

  /// Applies the n-th step of every image, then the next.
  mutating func apply(_ steps: [[ImageStep]]) throws {
    for round in 0..<(steps.map(\.count).max() ?? 0) {
      let due = steps.map { round < $0.count ? $0[round] : nil }
      try colour(due)
      try blur(due)
      try erase(due)
      try resample(due)
      try project(due)
    }
  }

  private mutating func colour(_ due: [ImageStep?]) throws {
    var groups: [Int32: [(image: Int, factor: Float)]] = [:]
    for (image, step) in due.enumerated() {
      guard let (kind, factor) = step?.colour else { continue }
      groups[kind, default: []].append((image, factor))
    }
    for (kind, group) in groups.sorted(by: { $0.key < $1.key }) {
      let (heights, widths) = (
        group.map { Float(sizes[$0.image].height) }, group.map { Float(sizes[$0.image].width) }
      )
      try Native.check(
        graft_images_colour(
          canvas.handle, kind, group.map { Int64($0.image) }, group.map(\.factor), heights, widths, Int64(group.count)))
    }
  }

  private mutating func blur(_ due: [ImageStep?]) throws {
    var images: [Int64] = []
    var each: [graft_blurring] = []
    for (image, step) in due.enumerated() {
      guard case .blur(let size, let sigma)? = step else { continue }
      images.append(Int64(image))
      each.append(
        graft_blurring(
          size: Int32(clamping: size), sigma: sigma, width: Int32(clamping: sizes[image].width),
          height: Int32(clamping: sizes[image].height)))
    }
    if !images.isEmpty { try Native.check(graft_images_blur(canvas.handle, images, each, Int64(images.count))) }
  }

  private mutating func erase(_ due: [ImageStep?]) throws {
    var images: [Int64] = []
    var each: [graft_erasure] = []
    for (image, step) in due.enumerated() {
      guard case .erase(let part)? = step else { continue }
      images.append(Int64(image))
      each.append(part.onDevice)
    }
    if !images.isEmpty { try Native.check(graft_images_erase(canvas.handle, images, each, Int64(images.count))) }
  }

  /// Others stay as they are, each by a map that changes nothing.
  private mutating func project(_ due: [ImageStep?]) throws {
    var each = sizes.map { Projection(shiftedBy: 0, 0, width: $0.width, height: $0.height, fill: 0) }
    var changes = false
    for (image, step) in due.enumerated() {
      guard case .project(let projection)? = step else { continue }
      each[image] = projection
      changes = true
    }
    guard changes else { return }
    let native = zip(each, sizes).map { $0.onDevice(width: $1.width, height: $1.height) }
    canvas = try Native.made { [canvas] out in graft_images_project(canvas.handle, native, Int64(native.count), &out) }
    sizes = each.map { ($0.height, $0.width) }
  }

  private mutating func resample(_ due: [ImageStep?]) throws {
    var each = sizes.map { Resampling(whole: $0.width, $0.height, scaledTo: $0.width, $0.height) }
    var changes = false
    for (image, step) in due.enumerated() {
      guard case .resample(let resampling)? = step else { continue }
      each[image] = resampling
      changes = true
    }
    guard changes else { return }
    canvas = try Native.made { [canvas] out in
      graft_images_resample(canvas.handle, each.map(\.onDevice), Int64(each.count), &out)
    }
    sizes = each.map { ($0.windowHeight, $0.windowWidth) }
  }

  /// (level / 255 - mean) / deviation; grey images fill all channels.
  ///
  /// - Throws: `DataFault.processing` where the steps left another size than the shape's.
  func normalised(mean: [Float], deviation: [Float], to shape: ImageShape) throws -> Tensor {
    guard let other = sizes.first(where: { $0 != (shape.height, shape.width) }) else {
      return try Native.made { out in
        graft_images_normalise(canvas.handle, mean, deviation, Int64(mean.count), &out)
      }
    }
    throw DataFault.processing(
      reason: "the steps give \(other.width) x \(other.height) pixels where \(shape.width) x \(shape.height) are needed"
    )
  }
}

/// A store's samples on a device, kept there for as long as the store is open.
///
/// Unchecked: the tensor is written when it is made and only read afterwards.
final class ResidentSamples: @unchecked Sendable {
  let tensor: Tensor

  init(_ samples: UnsafeBufferPointer<UInt8>, device: Device) throws { tensor = try Tensor(samples, device: device) }

  /// Whether so many samples take no more than half of what the device has free.
  static func fit(_ count: Int, on device: Device) -> Bool {
    if device == .cpu { return true }
    return count <= (device.memory?.available ?? 0) / 2
  }
}

extension Tensor {
  /// 8-bit numbers, one after the other; not for networks.
  convenience init(_ samples: UnsafeBufferPointer<UInt8>, device: Device) throws {
    self.init(
      owning: try Native.pointer { out in
        graft_tensor_bytes(samples.baseAddress, Int64(samples.count), device.name, &out)
      })
  }
}

extension ImageStep {
  /// The kind and factor of a change of colour; nil for what is none.
  fileprivate var colour: (kind: Int32, factor: Float)? {
    switch self {
    case .resample, .project, .blur, .erase: nil
    case .brightness(let factor): (Int32(GRAFT_BRIGHTNESS), factor)
    case .contrast(let factor): (Int32(GRAFT_CONTRAST), factor)
    case .saturation(let factor): (Int32(GRAFT_SATURATION), factor)
    case .hue(let turn): (Int32(GRAFT_HUE), turn)
    case .grayscale: (Int32(GRAFT_GRAYSCALE), 0)
    case .solarize(let threshold): (Int32(GRAFT_SOLARIZE), threshold)
    }
  }
}

extension Resampling {
  fileprivate var onDevice: graft_resampling {
    graft_resampling(
      source_x: Int32(clamping: sourceX), source_y: Int32(clamping: sourceY),
      source_width: Int32(clamping: sourceWidth), source_height: Int32(clamping: sourceHeight),
      scaled_width: Int32(clamping: scaledWidth), scaled_height: Int32(clamping: scaledHeight),
      window_x: Int32(clamping: windowX), window_y: Int32(clamping: windowY),
      window_width: Int32(clamping: windowWidth), window_height: Int32(clamping: windowHeight),
      mirror_horizontal: mirrorsHorizontally ? 1 : 0, mirror_vertical: mirrorsVertically ? 1 : 0)
  }
}

extension Projection {
  /// - Parameters: The size of the image that it is taken from.
  fileprivate func onDevice(width sourceWidth: Int, height sourceHeight: Int) -> graft_projection {
    graft_projection(
      map: (map[0], map[1], map[2], map[3], map[4], map[5], map[6], map[7], map[8]),
      source_width: Int32(clamping: sourceWidth), source_height: Int32(clamping: sourceHeight),
      width: Int32(clamping: width), height: Int32(clamping: height), fill: Float(fill))
  }
}

extension Erasure {
  fileprivate var onDevice: graft_erasure {
    graft_erasure(
      x: Int32(clamping: x), y: Int32(clamping: y), width: Int32(clamping: width), height: Int32(clamping: height),
      levels: (Float(level(0)), Float(level(1)), Float(level(2))))
  }
}
