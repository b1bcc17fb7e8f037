import Foundation
import Planner

/// What `graft preview` asks of a worker, as one JSON argument: some images of a data set as a training would see them.
public struct PreviewRequest: Sendable, Codable, Hashable {
  /// The `dataset` stage's parameters and locations.
  public var dataset: JSONValue
  public var locations: [String: String]
  /// The artifact of that stage, where it is done; else the few images are decoded for the preview alone.
  public var artifact: String?
  /// The training options of a `train` stage.
  public var training: JSONValue
  /// `train`, `val` or `test`.
  public var split: String
  /// How many images, and how many draws of each.
  public var images: Int
  public var draws: Int
  /// What the choice of images and the draws come from.
  public var seed: Int
  public var threads: Int

  public init(
    dataset: JSONValue, locations: [String: String], artifact: String?, training: JSONValue, split: String, images: Int,
    draws: Int, seed: Int, threads: Int
  ) {
    self.dataset = dataset
    self.locations = locations
    self.artifact = artifact
    self.training = training
    self.split = split
    (self.images, self.draws, self.seed, self.threads) = (images, draws, seed, threads)
  }
}

/// What the worker prints in answer.
public enum PreviewAnswer: Sendable, Codable, Hashable {
  case images([PreviewedImage])
  case failure(StageFailure)
}

/// One image before and after the transforms.
public struct PreviewedImage: Sendable, Codable, Hashable {
  /// Relative to the data set's root.
  public var path: String
  /// The name of its class, or of those that it shows.
  public var label: String
  /// As it lies in the image store.
  public var stored: PreviewedPicture
  /// As a network is evaluated by it.
  public var evaluated: PreviewedPicture
  /// As a network is trained by it: the views of each draw, one but for several crops.
  public var draws: [[PreviewedPicture]]

  public init(
    path: String, label: String, stored: PreviewedPicture, evaluated: PreviewedPicture, draws: [[PreviewedPicture]]
  ) {
    self.path = path
    self.label = label
    self.stored = stored
    self.evaluated = evaluated
    self.draws = draws
  }
}

/// A picture to look at.
public struct PreviewedPicture: Sendable, Codable, Hashable {
  public var width: Int
  public var height: Int
  /// A PNG file's content.
  public var png: Data

  public init(width: Int, height: Int, png: Data) {
    self.width = width
    self.height = height
    self.png = png
  }
}
