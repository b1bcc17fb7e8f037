/// What a study measures on its cells: an entry of `analyses`, which names a measure and its options.
public struct AnalysisSpec: Sendable, Hashable {
  /// The kind of stage that does it.
  public let kind: StageKind
  /// Its options as a stage's parameters hold them, defaults filled in.
  let values: [String: JSONValue]

  /// How a study file writes one.
  static let shape = VariantShape(
    noun: "analysis", tag: "name",
    forms: StageKind.allCases.compactMap { kind in
      kind.measure.map { VariantForm(kind.rawValue, members: $0.options, meaning: $0.meaning) }
    })

  /// As `shape` reads it.
  ///
  /// - Parameter json: With defaults filled in.
  init(read json: JSONValue) throws(ParameterFault) {
    let fields = ParameterFields(json, of: "analyses")
    let name = try fields.text(Self.shape.tag)
    guard let kind = StageKind(rawValue: name) else { throw fields.unknown(Self.shape.tag, name) }
    try self.init(kind, fields)
  }

  /// From parameters that hold `values` among others.
  init(_ kind: StageKind, _ fields: ParameterFields) throws(ParameterFault) {
    guard let measure = kind.measure else { throw fields.unknown(Self.shape.tag, kind.rawValue) }
    var values: [String: JSONValue] = [:]
    for option in measure.options {
      if case .derived = option.standard {
        values[option.name] = fields.optional(option.name)
      } else {
        values[option.name] = try fields.value(option.name)
      }
    }
    self.init(kind, values: values)
  }

  private init(_ kind: StageKind, values: [String: JSONValue]) {
    self.kind = kind
    self.values = values
  }

  /// The options in the measure's own types.
  ///
  /// - Throws: `ParameterFault` for a value that is none of its option's, or where the options are another measure's.
  package func options<Options: MeasureOptions>() throws(ParameterFault) -> Options {
    try Options(ParameterFields(.object(values), of: kind.rawValue))
  }
}

/// The options of a measure, each of its own type.
package protocol MeasureOptions: Sendable, Hashable {
  static var declarations: [OptionDeclaration] { get }

  init(_ fields: ParameterFields) throws(ParameterFault)
}

extension AnalysisSpec {
  /// What it measures.
  var subject: MeasureDeclaration.Subject? { kind.measure?.subject }

  /// The options of a measure of a pair; nil where it is of none.
  var pair: PairOptions? { subject == .pair ? try? options() : nil }

  /// The options of a data set's distance; nil where it is none.
  var distance: DistanceOptions? { subject == .dataset ? try? options() : nil }

  /// The analysis as its stages have it: each state of `layerwise_knn` is a stage of its own.
  var parts: [AnalysisSpec] {
    guard kind == .layerwiseKNN, let states = values["states"]?.arrayValue else { return [self] }
    return states.map { state in
      var own = values
      own["states"] = [state]
      return AnalysisSpec(kind, values: own)
    }
  }

  /// Whether it is of layers as they were before training.
  var isOfInitialLayers: Bool { isOf(.initial) }

  /// Whether it is of the source's weights, which belong to no model.
  var isOfSource: Bool { isOf(.source) }

  private func isOf(_ state: MeasuredState) -> Bool {
    kind == .layerwiseKNN && values["states"] == .texts([state.rawValue])
  }

  /// Whether the model's first weights are made again for it, for which its source's are needed.
  var looksAtFirstWeights: Bool { kind.measure?.looksAtFirstWeights ?? false || isOfInitialLayers }
}

extension Grid {
  /// The distances that its cells ask for.
  var distances: [DistanceOptions] { analyses.flatMap { $0.compactMap(\.distance) } }
}
