/// How nearest neighbours vote.
public struct NeighbourOptions: MeasureOptions {
  /// How many vote.
  public var k: Int
  /// Each counts exp(cosine / temperature).
  public var temperature: Double
  public var bank: Bank

  /// Which training images are asked.
  public enum Bank: String, Sendable, Hashable, CaseIterable {
    /// Those that the cell trains on.
    case fraction
    /// All of the training split.
    case split
  }

  package static let declarations = [
    OptionDeclaration("k", .integer(1...10_000), .value(200), "How many neighbours vote."),
    OptionDeclaration(
      "temperature", .number(.above(0)), .value(0.1), "Each neighbour counts exp(cosine similarity / temperature)."),
    OptionDeclaration(
      "bank", .choice(Bank.allCases.map(\.rawValue)), .value("fraction"),
      "The neighbours are the training images of the cell's fraction, or those of the whole split."),
  ]

  package init(_ fields: ParameterFields) throws(ParameterFault) {
    k = try fields.integer("k")
    temperature = try fields.number("temperature")
    bank = try fields.choice("bank")
  }
}

/// How they vote at every layer, and on which weights.
public struct LayerwiseOptions: MeasureOptions {
  public var vote: NeighbourOptions
  public var probe: ProbeSpec
  public var states: [MeasuredState]

  package static let declarations =
    NeighbourOptions.declarations + [
      ProbeSpec.declaration,
      OptionDeclaration(
        "states", .list(.choice(MeasuredState.allCases.map(\.rawValue)), count: 1...3),
        .value(.texts(MeasuredState.allCases.map(\.rawValue))),
        "Of the model as trained, at its initialisation, of the source weights."),
    ]

  package init(_ fields: ParameterFields) throws(ParameterFault) {
    vote = try NeighbourOptions(fields)
    probe = try fields.choice("probe")
    states = try fields.choices("states")
  }
}

/// Which weights a measure is of.
public enum MeasuredState: String, Sendable, Hashable, CaseIterable {
  case trained, initial, source
}

/// Where a layer is looked at.
public enum ProbeSpec: String, Sendable, Hashable, CaseIterable {
  case branch, residual

  static let declaration = OptionDeclaration(
    "probe", .choice(allCases.map(\.rawValue)), .value("branch"),
    "In transformers: a module's output before it is added to what went around it, or the sum.")
}
