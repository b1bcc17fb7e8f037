/// What a module's values are replaced by, to see what they are worth.
public struct ReplacementOptions: MeasureOptions {
  public var mode: Mode

  public enum Mode: String, Sendable, Hashable, CaseIterable {
    case initial, rerand
  }

  package static let declarations = [
    OptionDeclaration(
      "mode", .choice(Mode.allCases.map(\.rawValue)), .value("initial"),
      "The module's values before training, or `rerand`: drawn anew by their mean and deviation.")
  ]

  package init(_ fields: ParameterFields) throws(ParameterFault) { mode = try fields.choice("mode") }
}
