/// Schemas of axes and of what is asked of them.
extension StudySchema {
  static var axes: JSONValue {
    var properties: [String: JSONValue] = [
      Axis.dataset: axis(of: ["type": "string"]),
      Axis.backbone: axis(of: orVariable(["enum": .texts(BackboneCatalogue.all.map(\.name))])),
      Axis.fraction: axis(of: schema(.number(.above(0, to: 1))), takesNumbers: true),
      Axis.initialisation: axis(of: orVariable(initialisation)),
    ]
    for option in TrainingOption.all {
      let name = Axis.trainingPrefix + option.name
      properties[name] = reference("axes." + name)
    }
    return object(properties.mapValues(orNothing))
  }

  /// `RI`, `ST`, `WT`, and `WT-ST-` with a number or `*`.
  static let initialisation: JSONValue = [
    "type": "string", "pattern": "^(RI|ST|WT|WT-ST-(\\*|-[12]|0|[1-9][0-9]*))$",
    "description":
      "RI random, ST by statistics, WT by weights, WT-ST-n the first modules up to n by weights, WT-ST-* every n.",
  ]

  static let seeds: JSONValue = [
    "description": "How many seeds, from 0 on, or a list or range of them.",
    "anyOf": .array(
      [orVariable(["type": "integer", "minimum": 1, "maximum": .integer(AxisReader.valueLimit)])]
        + manyOf(["type": "integer", "minimum": 0], takesNumbers: true)),
  ]

  /// What a rule, an exclusion or an axis asks of cells.
  static var condition: JSONValue {
    let value: JSONValue = ["type": ["string", "number", "boolean"]]
    let end: JSONValue = ["type": ["number", "string"]]
    let term: JSONValue = [
      "anyOf": [
        value, ["type": "array", "items": value, "minItems": 1],
        ["type": "object", "minProperties": 1, "properties": ["min": end, "max": end], "additionalProperties": false],
      ]
    ]
    let names = Axis.fixed + TrainingOption.all.map { Axis.trainingPrefix + $0.name }
    return [
      "type": "object", "minProperties": 1, "additionalProperties": false,
      "properties": .object(Dictionary(uniqueKeysWithValues: names.map { ($0, term) })),
      "description": "Axes and the values meant: a value, a glob, a list of them, or {min:, max:}.",
    ]
  }

  /// An axis over a training option.
  static func axis(over option: TrainingOption) -> JSONValue {
    let value = reference(Axis.trainingPrefix + option.name)
    let lists = manyOf(value, takesNumbers: option.shape.takesNumbers, isFurther: true)
    return ["anyOf": .array(option.shape.isNeverAList ? [value] + lists : lists)]
  }

  /// An axis that every study has.
  private static func axis(of value: JSONValue, takesNumbers: Bool = false) -> JSONValue {
    ["anyOf": .array([value] + manyOf(value, takesNumbers: takesNumbers))]
  }

  /// A list of values, and what stands for one.
  ///
  /// - Parameter isFurther: Whether values may have names and conditions.
  private static func manyOf(_ value: JSONValue, takesNumbers: Bool, isFurther: Bool = false) -> [JSONValue] {
    var ways: [String: JSONValue] = [
      "values": ["type": "array", "items": ["anyOf": .array([value] + numbers(takesNumbers))], "minItems": 1]
    ]
    if takesNumbers { ways.merge(numberWays) { $1 } }
    if isFurther {
      ways["named"] = [
        "type": "object", "additionalProperties": value, "minProperties": 1,
        "propertyNames": ["pattern": "^[A-Za-z][A-Za-z0-9._+-]{0,59}$"],
      ]
      ways["when"] = reference("condition")
    }
    let needed = AxisReader.ways.filter { ways[$0] != nil }
    var way = object(ways).objectValue ?? [:]
    way["oneOf"] = .array(needed.map { ["required": [.string($0)]] })
    let list: JSONValue = [
      "type": "array", "items": ["anyOf": [value, .object(way)]], "minItems": 1, "uniqueItems": true,
    ]
    return [list, .object(way)]
  }

  private static func numbers(_ areTaken: Bool) -> [JSONValue] {
    guard areTaken else { return [] }
    var way = object(numberWays).objectValue ?? [:]
    way["oneOf"] = .array(["range", "linear", "log"].map { ["required": [.string($0)]] })
    return [.object(way)]
  }

  private static var numberWays: [String: JSONValue] {
    let number = orVariable(["type": "number"])
    func several(_ count: Int, _ meaning: String) -> JSONValue {
      [
        "type": "array", "items": number, "minItems": .integer(count), "maxItems": .integer(count),
        "description": .string(meaning),
      ]
    }
    return [
      "range": several(2, "The first number and the last, in steps of 1 or `step`."),
      "step": orVariable(["type": "number", "exclusiveMinimum": 0]),
      "linear": several(3, "The first number, the last one, and how many, evenly spaced."),
      "log": several(3, "The first number, the last one, and how many, evenly spaced by their logarithms."),
    ]
  }
}

extension ValueShape {
  /// Whether a list can be no value, so that a value may stand where a list of values does.
  fileprivate var isNeverAList: Bool {
    switch self {
    case .span, .list: false
    case .either(let first, let second): first.isNeverAList && second.isNeverAList
    case .integer, .number, .flag, .text, .duration, .memory, .choice, .members, .variant: true
    }
  }
}
