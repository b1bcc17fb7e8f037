/// How the test set is drawn anew.
public struct BootstrapOptions: MeasureOptions {
  /// How often.
  public var draws: Int
  /// What the draws follow from: the same for all cells, so that they are judged on the same sets.
  public var seed: Int

  package static let declarations = [
    OptionDeclaration("draws", .integer(100...100_000), .value(1000), "How many test sets are drawn."),
    OptionDeclaration(
      "draw_seed", .integer(0...1_000_000), .value(0), "What the draws follow from, for all cells alike."),
  ]

  package init(_ fields: ParameterFields) throws(ParameterFault) {
    draws = try fields.integer("draws")
    seed = try fields.integer("draw_seed")
  }
}
