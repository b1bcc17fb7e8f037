import Foundation

/// How images are stored.
public struct ImageStoreOptions: Sendable, Hashable {
  public enum Size: Sendable, Hashable {
    /// Every image's shorter side gets this many pixels, whether it had more or fewer.
    case shortSide(Int)
    /// Every image is stretched to this size.
    case exact(width: Int, height: Int)
    /// Every image keeps its own.
    case original

    var sides: [Int] {
      switch self {
      case .shortSide(let side): [side]
      case .exact(let width, let height): [width, height]
      case .original: []
      }
    }

    /// What an image of a size becomes.
    func applied(to image: (width: Int, height: Int)) -> (width: Int, height: Int) {
      switch self {
      case .shortSide(let side): Picture.size(of: image, shortSide: side)
      case .exact(let width, let height): (width, height)
      case .original: image
      }
    }
  }

  public enum Unreadable: Sendable, Hashable {
    /// One is enough to refuse the data set; all are reported.
    case fail
    /// They are left out and counted.
    case skip
  }

  public var size: Size
  /// What images have when they are read: 1, 3, or nil for 1 where every file is grey and 3 otherwise. Grey ones lie in the
  /// store in one channel all the same.
  public var channels: Int?
  public var unreadable: Unreadable
  /// What the store's facts say of published statistics.
  public var published: ImageStoreFacts.PublishedStatistics?
  /// Whether a network is to learn unknown classes as a third answer beside shown and not shown.
  public var learnsUnknown: Bool
  public var threads: Int

  public init(
    size: Size, channels: Int? = nil, unreadable: Unreadable = .fail,
    published: ImageStoreFacts.PublishedStatistics? = nil, learnsUnknown: Bool = false,
    threads: Int = ProcessInfo.processInfo.activeProcessorCount
  ) {
    self.published = published
    self.learnsUnknown = learnsUnknown
    self.size = size
    self.channels = channels
    self.unreadable = unreadable
    self.threads = threads
  }
}
