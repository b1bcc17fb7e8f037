/// How representations are compared.
public struct SimilarityOptions: MeasureOptions {
  public enum Estimator: String, Sendable, Hashable, CaseIterable {
    /// Unbiased HSIC, its terms summed over batches (Nguyen, Raghu & Kornblith, ICLR 2021).
    case unbiased
    /// The mean of the batches' own ratios, as the study's released code has it.
    case released
  }

  public var estimator: Estimator
  /// Images of a batch; at least 4.
  public var batchSize: Int
  public var probe: ProbeSpec

  package static let declarations = [
    OptionDeclaration(
      "estimator", .choice(Estimator.allCases.map(\.rawValue)), .value("unbiased"),
      "Unbiased HSIC summed over batches, or the mean of the batches' ratios as in the released code."),
    OptionDeclaration("batch_size", .integer(4...4096), .value(64), "Test images compared with each other at a time."),
    ProbeSpec.declaration,
  ]

  package init(_ fields: ParameterFields) throws(ParameterFault) {
    estimator = try fields.choice("estimator")
    batchSize = try fields.integer("batch_size")
    probe = try fields.choice("probe")
  }
}

/// How the models of two initialisations are compared.
public struct PairOptions: MeasureOptions {
  public var similarity: SimilarityOptions
  /// The names of the two initialisations.
  public var first: String
  public var second: String

  package static let declarations =
    SimilarityOptions.declarations + [
      OptionDeclaration(
        "pair", .list(.text, count: 2...2), .value(["WT", "ST"]),
        "The two initialisations whose models of one seed are compared.")
    ]

  package init(_ fields: ParameterFields) throws(ParameterFault) {
    similarity = try SimilarityOptions(fields)
    let pair = try fields.texts("pair")
    first = pair.first ?? ""
    second = pair.last ?? ""
  }
}
