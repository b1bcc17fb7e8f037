/// What a data set's distance is measured to, and by what.
public struct DistanceOptions: MeasureOptions {
  /// The backbone whose source weights see the images.
  public var backbone: String
  public var source: Source

  /// A file of the source's statistics, or a data set of the study.
  public enum Source: Sendable, Hashable {
    case statistics(String)
    case dataset(String)
  }

  package static let declarations = [
    OptionDeclaration(
      "backbone", .choice(BackboneCatalogue.all.map(\.name)), .value("inception_v3"),
      "Whose features are compared, by its source weights."),
    OptionDeclaration(
      "statistics", .text, .derived("none"),
      "A NumPy archive (.npz) with the mean `mu` and the covariance `sigma` of the source's features."),
    OptionDeclaration("source", .text, .derived("none"), "A data set of the study as the source."),
  ]

  package init(_ fields: ParameterFields) throws(ParameterFault) {
    backbone = try fields.text("backbone")
    source =
      if let file = try fields.optionalText("statistics") { .statistics(file) } else {
        .dataset(try fields.text("source"))
      }
  }
}
