import Planner

/// The points that an `embedding` stage leaves: for each method the place of each test image in a plane.
public struct EmbeddingPoints: Sendable, Hashable {
  /// The file in the stage's artifact.
  public static let fileName = "points.json"

  /// The class of each image by name; of several joined by `+`, of none empty.
  public var labels: [String]
  /// By method, in the order of the images.
  public var places: [String: [(x: Double, y: Double)]]

  public init(labels: [String], places: [String: [(x: Double, y: Double)]]) {
    self.labels = labels
    self.places = places
  }

  public var json: JSONValue {
    [
      "labels": .texts(labels),
      "methods": .object(places.mapValues { .array($0.map { .array([.number($0.x), .number($0.y)]) }) }),
    ]
  }

  /// Nil for what is no list of points.
  public init?(json: JSONValue) {
    guard let labels = json["labels"]?.arrayValue?.compactMap(\.stringValue),
      let methods = json["methods"]?.objectValue
    else { return nil }
    var places: [String: [(x: Double, y: Double)]] = [:]
    for (method, points) in methods {
      let read = points.arrayValue?.compactMap { point -> (x: Double, y: Double)? in
        guard let pair = point.arrayValue?.compactMap(\.doubleValue), pair.count == 2 else { return nil }
        return (pair[0], pair[1])
      }
      guard let read, read.count == labels.count else { return nil }
      places[method] = read
    }
    self.init(labels: labels, places: places)
  }

  public static func == (left: EmbeddingPoints, right: EmbeddingPoints) -> Bool { left.json == right.json }

  public func hash(into hasher: inout Hasher) { hasher.combine(labels) }
}
