import Planner

/// Which weights of a cell's model a measure looks at.
public enum ModelState: String, Sendable, Codable, Hashable, CaseIterable {
  /// The best checkpoint of the training.
  case trained
  /// As the initialisation made them, before the first step.
  case initial
  /// The source weights that the study transfers.
  case source
}

/// What a measure says of each layer of a network, from input to output.
public struct LayerSeries: Sendable, Hashable {
  /// Nil where the measure compares states.
  public var state: ModelState?
  /// Which form of a layer's output: `cls`, `patches`, `all` of a vision transformer; nil where there is one form.
  public var part: String?
  /// What the values are: a metric's name, `relative_accuracy`, `l2`.
  public var metric: String
  public var layers: [String]
  /// One a layer; nil where the measure has no value there.
  public var values: [Double?]

  public init(state: ModelState?, part: String? = nil, metric: String, layers: [String], values: [Double?]) {
    self.state = state
    self.part = part
    self.metric = metric
    self.layers = layers
    self.values = values
  }

  public var json: JSONValue {
    var members: [String: JSONValue] = [
      "metric": .string(metric), "layers": .texts(layers), "values": .optionalNumbers(values),
    ]
    if let state { members["state"] = .string(state.rawValue) }
    if let part { members["part"] = .string(part) }
    return .object(members)
  }

  /// Nil for what is no series.
  public init?(_ json: JSONValue) {
    guard let metric = json["metric"]?.stringValue, let layers = json["layers"]?.arrayValue?.compactMap(\.stringValue),
      let values = json["values"]?.arrayValue?.map(\.doubleValue), values.count == layers.count
    else { return nil }
    self.init(
      state: json["state"]?.stringValue.flatMap(ModelState.init), part: json["part"]?.stringValue, metric: metric,
      layers: layers, values: values)
  }
}

/// How like each layer of one model is to each layer of another.
public struct LayerMatrix: Sendable, Hashable {
  /// One side of the comparison.
  public struct Side: Sendable, Hashable {
    public var state: ModelState
    /// The initialisation of the cell that the model is of, where the two sides are of different cells.
    public var initialisation: String?
    public var layers: [String]

    public init(state: ModelState, initialisation: String? = nil, layers: [String]) {
      self.state = state
      self.initialisation = initialisation
      self.layers = layers
    }

    fileprivate var json: JSONValue {
      var members: [String: JSONValue] = ["state": .string(state.rawValue), "layers": .texts(layers)]
      if let initialisation { members["initialisation"] = .string(initialisation) }
      return .object(members)
    }

    fileprivate init?(_ json: JSONValue?) {
      guard let state = json?["state"]?.stringValue.flatMap(ModelState.init),
        let layers = json?["layers"]?.arrayValue?.compactMap(\.stringValue)
      else { return nil }
      self.init(state: state, initialisation: json?["initialisation"]?.stringValue, layers: layers)
    }
  }

  /// What the values are: `cka`.
  public var metric: String
  public var rows: Side
  public var columns: Side
  /// Row by row; nil where a layer's output does not vary.
  public var values: [Double?]

  public init(metric: String, rows: Side, columns: Side, values: [Double?]) {
    self.metric = metric
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  public var json: JSONValue {
    ["metric": .string(metric), "rows": rows.json, "columns": columns.json, "values": .optionalNumbers(values)]
  }

  /// Nil for what is no matrix.
  public init?(_ json: JSONValue) {
    guard let metric = json["metric"]?.stringValue, let rows = Side(json["rows"]), let columns = Side(json["columns"]),
      let values = json["values"]?.arrayValue?.map(\.doubleValue),
      values.count == rows.layers.count * columns.layers.count
    else { return nil }
    self.init(metric: metric, rows: rows, columns: columns, values: values)
  }
}

/// What a measure of layers leaves among its stage's facts.
public struct LayerMeasures: Sendable, Hashable {
  public var series: [LayerSeries]
  public var matrices: [LayerMatrix]

  public init(series: [LayerSeries] = [], matrices: [LayerMatrix] = []) {
    self.series = series
    self.matrices = matrices
  }

  /// To be merged with a stage's other facts.
  public var facts: [String: JSONValue] {
    var facts: [String: JSONValue] = [:]
    if !series.isEmpty { facts["series"] = .array(series.map(\.json)) }
    if !matrices.isEmpty { facts["matrices"] = .array(matrices.map(\.json)) }
    return facts
  }

  public init(facts: JSONValue) {
    self.init(
      series: facts["series"]?.arrayValue?.compactMap { LayerSeries($0) } ?? [],
      matrices: facts["matrices"]?.arrayValue?.compactMap { LayerMatrix($0) } ?? [])
  }
}

extension JSONValue {
  /// What is not finite becomes null, as what is missing.
  fileprivate static func optionalNumbers(_ values: [Double?]) -> JSONValue {
    .array(values.map { value in value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null })
  }
}
