/// Features of many images in this machine's memory, gathered batch by batch.
package struct FeatureRows: Sendable, Hashable {
  struct Component: Sendable, Hashable {
    let width: Int
    /// [count, width], row-major.
    var values: [Float]
  }

  /// One, or those of the class token and of the patches.
  private(set) var components: [Component] = []
  package private(set) var count = 0

  package init() {}

  /// - Throws: `EngineError.specification` where the values do not fill rows of that width.
  package init(_ values: [Float], width: Int) throws { try self.init(components: [(values, width)]) }

  /// Of a class token and of patches, both of one width: an image a row of either.
  package init(cls: [Float], patches: [Float], width: Int) throws {
    try self.init(components: [(cls, width), (patches, width)])
  }

  private init(components: [(values: [Float], width: Int)]) throws {
    count = components.first.map { $0.width > 0 ? $0.values.count / $0.width : 0 } ?? 0
    for (values, width) in components {
      guard width > 0, values.count == count * width else {
        throw EngineError.specification("\(values.count) values are no \(count) features of width \(width)")
      }
      self.components.append(Component(width: width, values: values))
    }
  }

  /// - Throws: `EngineError.specification` where the features are not as those before: of as many parts, as wide.
  package mutating func append(_ features: PooledFeatures) throws {
    try append(FeatureRows(components: features.components.map { (try $0.values(), $0.shape.last ?? 0) }))
  }

  package mutating func append(_ rows: FeatureRows) throws { try append(rows, 0..<rows.count) }

  mutating func append(_ rows: FeatureRows, _ range: Range<Int>) throws {
    if components.isEmpty { components = rows.components.map { Component(width: $0.width, values: []) } }
    guard widths == rows.widths else {
      throw EngineError.specification("features of widths \(rows.widths) after features of widths \(widths)")
    }
    for index in components.indices {
      let width = components[index].width
      components[index].values += rows.components[index].values[range.lowerBound * width..<range.upperBound * width]
    }
    count += range.count
  }

  /// The widths of the components.
  var widths: [Int] { components.map(\.width) }

  /// The parts that can be searched by; none before there are features.
  package var parts: [FeaturePart] {
    switch components.count {
    case 0: []
    case 1: [.all]
    default: FeaturePart.allCases
    }
  }

  mutating func removeAll() {
    for index in components.indices { components[index].values.removeAll(keepingCapacity: true) }
    count = 0
  }

  /// All components of each image side by side, [count, width].
  package var joined: [Float] {
    guard components.count > 1 else { return components.first?.values ?? [] }
    return (0..<count).flatMap { row in
      components.flatMap { $0.values[row * $0.width..<(row + 1) * $0.width] }
    }
  }
}
