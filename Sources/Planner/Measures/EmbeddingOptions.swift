/// How features become points of a plane.
public struct EmbeddingOptions: MeasureOptions {
  public enum Method: String, Sendable, Hashable, CaseIterable {
    case umap, pca
  }

  public enum Metric: String, Sendable, Hashable, CaseIterable {
    case euclidean, cosine
  }

  public var methods: [Method]
  /// Of UMAP: neighbours of an image, least distance of points, and what near means.
  public var neighbours: Int
  public var minimumDistance: Double
  public var metric: Metric

  package static let declarations = [
    OptionDeclaration(
      "methods", .list(.choice(Method.allCases.map(\.rawValue)), count: 1...2),
      .value(.texts(Method.allCases.map(\.rawValue))), "Uniform manifold approximation, principal components."),
    OptionDeclaration("n_neighbors", .integer(2...1000), .value(15), "UMAP's neighbours of an image."),
    OptionDeclaration("min_dist", .number(.from(0, to: 1)), .value(0.1), "UMAP's least distance between points."),
    OptionDeclaration(
      "metric", .choice(Metric.allCases.map(\.rawValue)), .value("euclidean"), "What UMAP calls near."),
  ]

  package init(_ fields: ParameterFields) throws(ParameterFault) {
    methods = try fields.choices("methods")
    neighbours = try fields.integer("n_neighbors")
    minimumDistance = try fields.number("min_dist")
    metric = try fields.choice("metric")
  }
}
