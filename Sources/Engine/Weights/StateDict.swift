/// Named tensors in order, as values in memory: a network's weights.
public struct StateDict: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    public let name: String
    public let shape: [Int]
    /// In row-major order.
    public let values: [Float]
  }

  public private(set) var entries: [Entry] = []
  private var places: [String: Int] = [:]

  public init() {}

  /// - Throws: `EngineError.data` where the name is there already or the values do not fill the shape.
  public mutating func append(_ name: String, shape: [Int], values: [Float]) throws {
    guard places[name] == nil else { throw EngineError.data("tensor '\(name)' is there twice") }
    guard values.count == shape.reduce(1, *) else {
      throw EngineError.data("tensor '\(name)' of shape \(shape) has \(values.count) values")
    }
    places[name] = entries.count
    entries.append(Entry(name: name, shape: shape, values: values))
  }

  public subscript(name: String) -> Entry? { places[name].map { entries[$0] } }

  public var names: [String] { entries.map(\.name) }

  /// The tensors whose names begin with the prefix, under the rest of their names.
  func part(_ prefix: String) throws -> StateDict {
    var part = StateDict()
    for entry in entries where entry.name.hasPrefix(prefix) {
      try part.append(String(entry.name.dropFirst(prefix.count)), shape: entry.shape, values: entry.values)
    }
    return part
  }
}
