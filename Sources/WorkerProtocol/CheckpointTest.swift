import Planner

/// A trained model's file to be tested, for `graft test --model`: what a worker started with `--test-model` is given.
public struct CheckpointTestRequest: Sendable, Codable, Hashable {
  /// The weights, head and all.
  public var file: String
  public var backbone: String
  /// The canonical training options, which say how images come to the network.
  public var training: JSONValue
  /// The artifact of the data set's stage.
  public var dataset: String
  /// Names of metrics.
  public var metrics: [String]
  public var threads: Int
  public var device: String

  public init(
    file: String, backbone: String, training: JSONValue, dataset: String, metrics: [String], threads: Int,
    device: String
  ) {
    self.file = file
    self.backbone = backbone
    self.training = training
    self.dataset = dataset
    self.metrics = metrics
    self.threads = threads
    self.device = device
  }
}

/// What the worker prints.
public enum CheckpointTestAnswer: Sendable, Codable, Hashable {
  /// On so many test images.
  case metrics([MetricValue], images: Int)
  case failure(StageFailure)
}
