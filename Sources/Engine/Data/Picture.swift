import CDicom
import CImage
import Foundation

/// An image of 8 bits a sample, its channels one after the other: [channel][row][column].
public struct Picture: Sendable, Hashable {
  public let width: Int
  public let height: Int
  /// 1 or 3.
  public let channels: Int
  public let pixels: [UInt8]

  /// - Precondition: `pixels` holds `channels` x `height` x `width` samples.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && (channels == 1 || channels == 3))
    precondition(pixels.count == width * height * channels)
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// How large a decoded image is needed: a JPEG file much larger, and a huge PNG or TIFF file, is scaled down while it is
  /// decoded, but never below.
  public enum Need: Sendable, Hashable {
    case full
    case shortSide(Int)
    case size(width: Int, height: Int)
  }

  /// Why a file gives no picture.
  public struct Unreadable: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
  }

  /// Decodes a JPEG, PNG, TIFF or DICOM file, of several images the first; which it is, its first bytes say.
  ///
  /// The orientation is applied, CMYK becomes RGB, alpha is laid over black, 16 bits become 8 by scaling; of DICOM by its
  /// window, or else from the smallest to the largest value.
  ///
  /// - Parameters:
  ///   - file: The file's content.
  ///   - channels: 1 (luma), 3 (grey is repeated), or nil for the file's own.
  /// - Throws: `Unreadable`, also for a file of which only a part can be read.
  public init(decoding file: [UInt8], channels: Int? = nil, need: Need = .full) throws(Unreadable) {
    var target = cimage_target()
    switch need {
    case .full: break
    case .shortSide(let side): target.short_side = Int32(clamping: side)
    case .size(let width, let height):
      target.width = Int32(clamping: width)
      target.height = Int32(clamping: height)
    }
    var decoded = cimage_picture()
    var message = [CChar](repeating: 0, count: 256)
    let status = file.withUnsafeBufferPointer {
      let wanted = Int32(clamping: channels ?? 0)
      return Self.isDicom($0)
        ? cdicom_decode($0.baseAddress, $0.count, wanted, &decoded, &message, message.count)
        : cimage_decode($0.baseAddress, $0.count, wanted, target, &decoded, &message, message.count)
    }
    guard status == CIMAGE_OK, let samples = decoded.pixels else { throw Self.unreadable(status, message) }
    defer { cimage_free(samples) }
    let count = Int(decoded.width) * Int(decoded.height) * Int(decoded.channels)
    self.init(
      width: Int(decoded.width), height: Int(decoded.height), channels: Int(decoded.channels),
      pixels: Array(UnsafeBufferPointer(start: samples, count: count)))
  }

  /// What a file's own header says of it; 1 channel for grey, else 3.
  static func shape(of file: [UInt8]) throws(Unreadable) -> ImageShape {
    var header = cimage_header()
    var message = [CChar](repeating: 0, count: 256)
    let status = file.withUnsafeBufferPointer {
      Self.isDicom($0)
        ? cdicom_read_header($0.baseAddress, $0.count, &header, &message, message.count)
        : cimage_read_header($0.baseAddress, $0.count, &header, &message, message.count)
    }
    guard status == CIMAGE_OK else { throw unreadable(status, message) }
    return ImageShape(channels: Int(header.channels), height: Int(header.height), width: Int(header.width))
  }

  private static func isDicom(_ file: UnsafeBufferPointer<UInt8>) -> Bool {
    cimage_format(file.baseAddress, file.count) == 0 && cdicom_is_dicom(file.baseAddress, file.count) != 0
  }

  private static func unreadable(_ status: Int32, _ message: [CChar]) -> Unreadable {
    let text = message.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { String(cString: $0) } ?? "" }
    return Unreadable(description: status == Int32(CIMAGE_TRUNCATED) ? "truncated or damaged: \(text)" : text)
  }
}

extension Picture {
  /// A file format to write.
  public enum Format: Sendable, Hashable {
    /// `quality` 1 to 100.
    case jpeg(quality: Int)
    case png
  }

  /// The picture as a file's content.
  ///
  /// - Throws: `DataFault.processing` where the format cannot hold it or memory runs out.
  public func encoded(as format: Format) throws -> [UInt8] {
    var bytes: UnsafeMutablePointer<UInt8>?
    var size = 0
    var message = [CChar](repeating: 0, count: 256)
    let (width, height, channels) = (Int32(clamping: width), Int32(clamping: height), Int32(channels))
    let status =
      switch format {
      case .jpeg(let quality):
        cimage_encode_jpeg(
          pixels, width, height, channels, Int32(clamping: quality), &bytes, &size, &message, message.count)
      case .png: cimage_encode_png(pixels, width, height, channels, &bytes, &size, &message, message.count)
      }
    guard status == CIMAGE_OK, let bytes else {
      throw DataFault.processing(reason: Self.unreadable(status, message).description)
    }
    defer { cimage_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: size))
  }

  /// The picture resized, bilinear, antialiased where it shrinks.
  public func resized(width: Int, height: Int) throws -> Picture {
    if width == self.width && height == self.height { return self }
    let geometry = Resampling(whole: self.width, self.height, scaledTo: width, height)
    return try applying([.resample(geometry)])
  }

  /// The picture resized so that its shorter side has `size` pixels; the longer one is cut off to a whole number.
  public func resized(shortSide size: Int) throws -> Picture {
    let (width, height) = Self.size(of: (self.width, self.height), shortSide: size)
    return try resized(width: width, height: height)
  }

  /// torchvision's arithmetic: the longer side is `size` x long / short, without its fraction.
  static func size(of image: (width: Int, height: Int), shortSide size: Int) -> (width: Int, height: Int) {
    let (width, height) = image
    return width <= height ? (size, max(1, size * height / width)) : (max(1, size * width / height), size)
  }

  /// The picture after the steps, their numbers already drawn.
  package func applying(_ steps: [ImageStep]) throws -> Picture {
    var size = (width: width, height: height)
    for step in steps { size = step.newSize ?? size }
    let native = steps.map(\.native)
    var message = [CChar](repeating: 0, count: 256)
    var output = [UInt8](repeating: 0, count: size.width * size.height * channels)
    let status = cimage_apply(
      pixels, Int32(width), Int32(height), Int32(channels), native, Int32(native.count), &output, output.count,
      &message, message.count)
    guard status == CIMAGE_OK else {
      throw DataFault.processing(reason: Self.unreadable(status, message).description)
    }
    return Picture(width: size.width, height: size.height, channels: channels, pixels: output)
  }
}
