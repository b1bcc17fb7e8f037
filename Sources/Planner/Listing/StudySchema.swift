/// The JSON Schema (2020-12) of a study file, from the declarations that reading uses: editors complete and check by it.
public enum StudySchema {
  public static var json: JSONValue {
    [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Graft study",
      "type": "object",
      "additionalProperties": false,
      "required": ["study", "axes", "seeds"],
      "properties": [
        "study": ["type": "string", "pattern": "^[a-z0-9-]{1,100}$", "description": "The study's name."],
        "data": [
          "type": "string", "description": "The folder that data sets' roots start from.", "default": "datasets",
        ],
        "axes": axes(required: true),
        "zip": zip,
        "seeds": seeds,
        "training": training,
        "analyses": analyses,
        "blocks": [
          "type": "array",
          "items": object([
            "name": ["type": "string"], "axes": axes(required: false), "zip": zip, "seeds": seeds, "training": training,
            "analyses": analyses,
          ]),
        ],
        "rules": [
          "type": "array",
          "items": object(["when": condition, "set": ["type": "object"]], required: ["when", "set"]),
        ],
        "exclude": ["type": "array", "items": condition],
        "datasets": [
          "type": "object", "properties": .object(published),
          "additionalProperties": ["oneOf": .array(DatasetFormat.allCases.map { dataset($0) })],
        ],
        "weights": weights,
        "resources": object([
          "jobs": resource(least: 1), "threads_per_job": resource(least: 1), "gpus": resource(least: 0),
        ]),
        "report": .object(members(StudySections.reportOptions)),
        "slurm": .object(members(SlurmProfile.declarations)),
      ],
    ]
  }

  /// The schema as indented text; ends in a line break.
  public static var text: String { indented(json, level: 0) + "\n" }

  private static let analyses: JSONValue = ["type": "array", "items": schema(.variant(AnalysisSpec.shape))]
  private static let zip: JSONValue = [
    "type": "array", "items": ["type": "array", "items": ["type": "string"]],
    "description": "Axes that move together, a group an entry.",
  ]
  private static let seeds: JSONValue = [
    "description": "How many seeds, from 0 on, or a list of them.",
    "oneOf": [
      ["type": "integer", "minimum": 1, "maximum": .integer(AxesReader.seedLimit)],
      ["type": "array", "items": ["type": "integer", "minimum": 0], "minItems": 1, "uniqueItems": true],
    ],
  ]
  private static let condition: JSONValue = [
    "type": "object", "minProperties": 1,
    "description": "Axes and the values meant: a value, a glob, a list of them, or {min:, max:}.",
  ]

  private static func resource(least: Int) -> JSONValue {
    ["oneOf": [["const": "auto"], ["type": "integer", "minimum": .integer(least), "maximum": 4096]]]
  }

  private static func axes(required: Bool) -> JSONValue {
    var properties: [String: JSONValue] = [
      Axis.dataset: oneOrMore(["type": "string"]),
      Axis.backbone: oneOrMore(["enum": .texts(BackboneCatalogue.all.map(\.name))]),
      Axis.fraction: oneOrMore(schema(.number(.above(0, to: 1)))),
      Axis.initialisation: oneOrMore(initialisation),
    ]
    for option in TrainingOption.all {
      properties[Axis.trainingPrefix + option.name] = ["type": "array", "items": schema(option.shape), "minItems": 1]
    }
    return object(properties, required: required ? [Axis.dataset, Axis.backbone, Axis.initialisation] : [])
  }

  /// `RI`, `ST`, `WT`, and `WT-ST-` with a number or `*`.
  private static let initialisation: JSONValue = [
    "type": "string", "pattern": "^(RI|ST|WT|WT-ST-(\\*|-[12]|0|[1-9][0-9]*))$",
    "description":
      "RI random, ST by statistics, WT by weights, WT-ST-n the first modules up to n by weights, WT-ST-* every n.",
  ]

  private static func oneOrMore(_ value: JSONValue) -> JSONValue {
    ["oneOf": [value, ["type": "array", "items": value, "minItems": 1, "uniqueItems": true]]]
  }

  /// Training options, nested and by their dotted names.
  private static var training: JSONValue { object(trainingProperties) }

  private static var trainingProperties: [String: JSONValue] {
    var properties: [String: JSONValue] = [:]
    var groups: [String: [String: JSONValue]] = [:]
    for option in TrainingOption.all {
      let value = described(option.declaration)
      properties[option.name] = value
      let parts = option.name.split(separator: ".").map(String.init)
      if parts.count == 2 { groups[parts[0], default: [:]][parts[1]] = value }
    }
    for (name, members) in groups { properties[name] = object(members) }
    return properties
  }

  private static var weights: JSONValue {
    var pretrain = trainingProperties
    pretrain["dataset"] = ["type": "string"]
    pretrain["seed"] = ["type": "integer", "minimum": 0, "default": 0]
    let source: JSONValue = [
      "oneOf": [
        object(
          [
            "file": ["type": "string"],
            "kind": ["enum": .texts(WeightsKind.allCases.map(\.rawValue)), "default": "supervised"],
          ], required: ["file"]),
        object(["pretrain": object(pretrain, required: ["dataset"])], required: ["pretrain"]),
      ]
    ]
    return object(Dictionary(uniqueKeysWithValues: BackboneCatalogue.all.map { ($0.name, source) }))
  }

  private static func dataset(_ format: DatasetFormat, isNamed: Bool = false) -> JSONValue {
    var schema = members(format.declarations)
    schema["properties", "format"] = ["const": .string(format.rawValue)]
    schema["required"] = .array((isNamed ? [] : [.string("format")]) + (schema["required"]?.arrayValue ?? []))
    return .object(schema)
  }

  /// Published data sets under their own names, which say the format.
  private static var published: [String: JSONValue] {
    Dictionary(
      uniqueKeysWithValues: DatasetFormat.allCases.filter { $0.published != nil }.map { format in
        let others = DatasetFormat.allCases.filter { $0 != format }.map { dataset($0) }
        return (format.rawValue, ["oneOf": .array([dataset(format, isNamed: true)] + others)])
      })
  }

  private static func object(_ properties: [String: JSONValue], required: [String] = []) -> JSONValue {
    var schema: [String: JSONValue] = [
      "type": "object", "properties": .object(properties), "additionalProperties": false,
    ]
    if !required.isEmpty { schema["required"] = .texts(required) }
    return .object(schema)
  }

  private static func members(_ declarations: [OptionDeclaration]) -> [String: JSONValue] {
    var required: [String] = []
    var properties: [String: JSONValue] = [:]
    for declaration in declarations {
      properties[declaration.name] = described(declaration)
      if case .required = declaration.standard { required.append(declaration.name) }
    }
    return object(properties, required: required).objectValue ?? [:]
  }

  private static func described(_ declaration: OptionDeclaration) -> JSONValue {
    var schema = schema(declaration.shape).objectValue ?? [:]
    schema["description"] = .string(declaration.meaning)
    if case .value(let value) = declaration.standard { schema["default"] = value }
    return .object(schema)
  }

  private static func schema(_ shape: ValueShape) -> JSONValue {
    switch shape {
    case .integer(let range):
      return ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    case .number(let range):
      var schema: [String: JSONValue] = ["type": "number"]
      schema[range.includesLow ? "minimum" : "exclusiveMinimum"] = .number(range.low)
      if range.high < .infinity { schema[range.includesHigh ? "maximum" : "exclusiveMaximum"] = .number(range.high) }
      return .object(schema)
    case .span(let range):
      return ["type": "array", "items": schema(.number(range)), "minItems": 2, "maxItems": 2]
    case .flag: return ["type": "boolean"]
    case .text: return ["type": ["string", "number", "boolean"]]
    case .choice(let names):
      return ["enum": .array(names.map { Double($0).map { .number($0) } ?? .string($0) })]
    case .list(let element, let count):
      return [
        "type": "array", "items": schema(element), "minItems": .integer(count.lowerBound),
        "maxItems": .integer(count.upperBound),
      ]
    case .either(let first, let second): return ["anyOf": [schema(first), schema(second)]]
    case .members(let declarations): return .object(members(declarations))
    case .variant(let variant):
      return ["anyOf": .array(variant.forms.flatMap { forms(of: $0, in: variant) })]
    }
  }

  /// A form by its name alone where all its arguments may be left out, and as a mapping.
  private static func forms(of form: VariantForm, in variant: VariantShape) -> [JSONValue] {
    var schema = members(form.members)
    schema["properties", variant.tag] = ["const": .string(form.name)]
    let needsTag = form.tellingMember == nil && variant.fallback != form.name
    let required = schema["required"]?.arrayValue ?? []
    schema["required"] = .array((needsTag ? [.string(variant.tag)] : []) + required)
    return (required.isEmpty ? [["const": .string(form.name)]] : []) + [.object(schema)]
  }

  private static func indented(_ value: JSONValue, level: Int) -> String {
    let inner = String(repeating: "  ", count: level + 1)
    let outer = String(repeating: "  ", count: level)
    switch value {
    case .object(let members) where !members.isEmpty:
      let lines = members.sorted { $0.key < $1.key }.map {
        "\(inner)\(JSONValue.string($0.key).canonicalText): \(indented($0.value, level: level + 1))"
      }
      return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
    case .array(let values) where values.contains { $0.objectValue != nil }:
      return "[\n\(values.map { inner + indented($0, level: level + 1) }.joined(separator: ",\n"))\n\(outer)]"
    default: return value.canonicalText
    }
  }
}

extension [String: JSONValue] {
  /// A member of an inner object.
  fileprivate subscript(outer: String, inner: String) -> JSONValue? {
    get { self[outer]?[inner] }
    set {
      var members = self[outer]?.objectValue ?? [:]
      members[inner] = newValue
      self[outer] = .object(members)
    }
  }
}
