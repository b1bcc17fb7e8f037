/// Nearest neighbours at many layers of a network at once: the bank's images go through it a single time.
package struct LayerSearch {
  package let layers: [String]
  private let searches: [NeighbourSearch]

  /// - Parameter queries: The layers' features of all query images, by layer.
  package init(layers: [String], queries: [String: FeatureRows], k: Int, device: Device) throws {
    self.layers = layers
    searches = try layers.map { try NeighbourSearch(queries: queries[$0] ?? FeatureRows(), k: k, device: device) }
  }

  /// Enters the bank's next images.
  package func add(_ pooled: [String: PooledFeatures]) throws {
    for (layer, search) in zip(layers, searches) {
      if let features = pooled[layer] { try search.add(features) }
    }
  }

  /// What each layer's neighbours come to, in the order of the layers, and of one layer in that of its parts.
  package func results<Result>(_ body: (Neighbours) throws -> Result) throws -> [LayerResult<Result>] {
    try zip(layers, searches).flatMap { layer, search in
      try search.parts.map { part in
        LayerResult(layer: layer, part: part, value: try body(search.neighbours(by: part)))
      }
    }
  }

  package struct LayerResult<Value> {
    package let layer: String
    package let part: FeaturePart
    package let value: Value
  }

  /// Layers in groups, in order, so that the searches of each group hold no more bytes than the budget; a layer that does so
  /// alone is a group of its own.
  ///
  /// - Parameter sizes: Of each layer the width of its features and the number of its parts.
  package static func groups(
    _ layers: [(name: String, width: Int, parts: Int)], queries: Int, k: Int, budget: Int
  ) -> [[String]] {
    var groups: [[String]] = []
    var used = 0
    for layer in layers {
      // While queries are gathered, they lie beside the searches that they become.
      let bytes =
        NeighbourSearch.bytes(queries: queries, width: layer.width, k: k, parts: layer.parts) + 4 * queries
        * layer.width
      if groups.isEmpty || used + bytes > budget {
        groups.append([])
        used = 0
      }
      groups[groups.count - 1].append(layer.name)
      used += bytes
    }
    return groups
  }
}
