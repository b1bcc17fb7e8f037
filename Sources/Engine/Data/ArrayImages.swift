/// Images of one size in the rows of an array: [n, height, width], with 1 or 3 channels behind.
package struct ArrayImages: Sendable, Hashable {
  package let count: Int
  package let shape: ImageShape
  /// The file and the array's name in it.
  package var title: String { array.title }
  private let array: any NumericArray

  /// - Throws: `EngineError.data` where the array holds no images of 8 bits a sample.
  package init(_ array: any NumericArray) throws {
    self.array = array
    let sizes = array.shape
    let form = sizes.map(String.init).joined(separator: " x ")
    guard sizes.count == 3 || sizes.count == 4 && (sizes[3] == 1 || sizes[3] == 3) else {
      throw EngineError.data(
        "\(array.title) has the shape \(form), which is none of images; give n x height x width, with 1 or 3 channels behind"
      )
    }
    guard array.elements == .unsigned8 else {
      throw EngineError.data("\(array.title) does not hold 8-bit numbers; save the images as unsigned 8-bit")
    }
    guard sizes.allSatisfy({ $0 > 0 }), sizes[1] <= 16384, sizes[2] <= 16384 else {
      throw EngineError.data("\(array.title) has the shape \(form); images have 1 to 16384 pixels on a side")
    }
    count = sizes[0]
    shape = ImageShape(channels: sizes.count == 3 ? 1 : sizes[3], height: sizes[1], width: sizes[2])
  }

  package static func == (one: ArrayImages, other: ArrayImages) -> Bool {
    (one.title, one.count, one.shape) == (other.title, other.count, other.shape)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(title)
    hasher.combine(count)
  }

  /// Consecutive images.
  ///
  /// - Parameter rows: Within 0..<count.
  package func pictures(_ rows: Range<Int>) throws -> [Picture] {
    let bytes = try array.bytes(rows)
    let size = shape.channels * shape.height * shape.width
    return rows.indices.map { row in
      let start = (row - rows.lowerBound) * size
      return Picture(interleaved: bytes[start..<(start + size)], shape: shape)
    }
  }
}

extension Picture {
  /// From samples in the order [row][column][channel].
  init(interleaved samples: ArraySlice<UInt8>, shape: ImageShape) {
    let plane = shape.height * shape.width
    guard shape.channels > 1 else {
      self.init(width: shape.width, height: shape.height, channels: 1, pixels: Array(samples))
      return
    }
    let pixels = [UInt8](unsafeUninitializedCapacity: samples.count) { buffer, initialised in
      samples.withUnsafeBufferPointer { samples in
        for channel in 0..<shape.channels {
          for place in 0..<plane { buffer[channel * plane + place] = samples[place * shape.channels + channel] }
        }
      }
      initialised = samples.count
    }
    self.init(width: shape.width, height: shape.height, channels: shape.channels, pixels: pixels)
  }
}
