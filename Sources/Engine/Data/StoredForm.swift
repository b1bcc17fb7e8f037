import CImage
import Files
import Hashing

/// What is known of an image once its samples are in the store.
struct StoredForm: Sendable, Hashable {
  var height: Int
  var width: Int
  /// 1 or 3.
  var channels: Int
  /// SHA-256 of what the image was made of.
  var digest: [UInt8]
  /// Of each channel, over all samples.
  var sums: [Sums]

  struct Sums: Sendable, Hashable {
    var levels: UInt64
    var squares: UInt64
  }

  /// How many samples it has.
  var size: Int { height * width * channels }
}

/// An image ready to be stored.
struct StorablePicture: Sendable {
  let picture: Picture
  let form: StoredForm

  /// Where an image comes from.
  enum Origin: Sendable {
    case file(String)
    case row(Picture)
  }

  /// - Parameter channels: 1, or 3: then a grey image stays in one.
  /// - Throws: `Picture.Unreadable`.
  init(_ origin: Origin, channels: Int, size: ImageStoreOptions.Size) throws(Picture.Unreadable) {
    let digest: SHA256Digest
    var picture: Picture
    do {
      switch origin {
      case .file(let path):
        let bytes = try DurableFiles.read(path)
        digest = SHA256.digest(of: bytes)
        picture = try Picture(decoding: bytes, channels: channels == 1 ? 1 : nil, need: size.need)
      case .row(let row):
        digest = SHA256.digest(of: row.pixels)
        picture = channels == 1 ? try row.grey() : row
      }
      let wanted = size.applied(to: (picture.width, picture.height))
      picture = try picture.resized(width: wanted.width, height: wanted.height)
    } catch let error as Picture.Unreadable {
      throw error
    } catch let fault as FileFault {
      throw Picture.Unreadable(description: fault.reason)
    } catch {
      throw Picture.Unreadable(description: "\(error)")
    }
    let plane = picture.width * picture.height
    let sums = picture.pixels.withUnsafeBufferPointer { pixels in
      (0..<picture.channels).map { channel in
        var sums = StoredForm.Sums(levels: 0, squares: 0)
        cimage_sums(pixels.baseAddress.map { $0 + channel * plane }, plane, &sums.levels, &sums.squares)
        return sums
      }
    }
    self.picture = picture
    form = StoredForm(
      height: picture.height, width: picture.width, channels: picture.channels, digest: digest.bytes, sums: sums)
  }
}

extension ImageStoreOptions.Size {
  /// How large a decoded image has to be for it.
  fileprivate var need: Picture.Need {
    switch self {
    case .shortSide(let side): .shortSide(side)
    case .exact(let width, let height): .size(width: width, height: height)
    case .original: .full
    }
  }
}

extension Picture {
  /// ITU-R 601 luma.
  fileprivate func grey() throws -> Picture {
    guard channels == 3 else { return self }
    let grey = try applying([.grayscale])
    return Picture(width: width, height: height, channels: 1, pixels: Array(grey.pixels.prefix(width * height)))
  }
}
