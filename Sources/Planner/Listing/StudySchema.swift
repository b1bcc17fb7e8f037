/// The JSON Schema (2020-12) of a study file, from the declarations that reading uses: editors complete and check by it.
///
/// What is used in several places stands under `$defs`: each training option as `training.NAME`, an axis over it as
/// `axes.training.NAME`, a data set of a format as `datasets.FORMAT`.
public enum StudySchema {
  public static var json: JSONValue {
    [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "Graft study",
      "type": "object",
      "additionalProperties": false,
      "required": ["study"],
      // What is extended may bring the grid along.
      "if": ["required": [.string(Inheritance.section)]],
      "else": [
        "required": ["axes", "seeds"],
        "properties": [
          "axes": ["required": .texts([Axis.dataset, Axis.backbone, Axis.initialisation])],
          "datasets": [
            "properties": .object(published.mapValues { _ in true }),
            "additionalProperties": orNothing(["type": "object", "required": ["format"]]),
          ],
        ],
      ],
      "properties": .object(sections.mapValues(orNothing)),
      "$defs": .object(definitions),
    ]
  }

  /// The schema as indented text; ends in a line break.
  public static var text: String { indented(json, level: 0) + "\n" }

  private static var sections: [String: JSONValue] {
    var sections: [String: JSONValue] = [
      "study": orVariable(["type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,99}$"]),
      Inheritance.section: ["type": "string", "minLength": 1],
      "data": ["type": "string", "default": "datasets"],
      "axes": reference("axes"),
      "zip": reference("zip"),
      "seeds": reference("seeds"),
      "training": reference("training"),
      "analyses": reference("analyses"),
      "blocks": addable(
        object([
          "name": ["type": "string"], "axes": reference("axes"), "zip": reference("zip"), "seeds": reference("seeds"),
          "training": reference("training"), "analyses": reference("analyses"),
        ])),
      "rules": addable(
        object(["when": reference("condition"), "set": reference("changes")], required: ["when", "set"])),
      "exclude": addable(reference("condition")),
      "datasets": [
        "type": "object", "properties": .object(published.mapValues(orNothing)),
        "additionalProperties": orNothing(["anyOf": .array(formats + [anyFormat])]),
        "propertyNames": ["pattern": "^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"],
      ],
      "weights": object(
        Dictionary(uniqueKeysWithValues: BackboneCatalogue.all.map { ($0.name, reference("source")) })),
      "resources": .object(members(ResourcesReader.options)),
      "report": .object(members(ReportReader.options)),
      "slurm": .object(members(SlurmProfile.declarations)),
    ]
    for section in StudySections.declared {
      sections[section.name, "description"] = .string(section.meaning)
    }
    return sections
  }

  private static var definitions: [String: JSONValue] {
    var definitions: [String: JSONValue] = [
      "variable": ["type": "string", "pattern": "\\$\\{", "description": "${NAME} or ${NAME:-DEFAULT}"],
      "axes": axes,
      "zip": [
        "type": "array", "items": ["type": "array", "items": ["type": "string"]],
        "description": "Axes that move together, a group an entry.",
      ],
      "seeds": seeds,
      "condition": condition,
      "training": training,
      "changes": changes,
      "source": source,
      "analyses": ["type": "array", "items": schema(.variant(AnalysisSpec.shape))],
    ]
    for option in TrainingOption.all {
      definitions[Axis.trainingPrefix + option.name] = described(option.declaration)
      definitions["axes." + Axis.trainingPrefix + option.name] = axis(over: option)
    }
    for format in DatasetFormat.allCases { definitions["datasets.\(format.rawValue)"] = dataset(format) }
    return definitions
  }

  /// What a rule sets.
  private static var changes: JSONValue {
    var properties = ["training": reference("training")]
    for option in TrainingOption.all {
      properties[Axis.trainingPrefix + option.name] = reference(Axis.trainingPrefix + option.name)
    }
    return object(properties)
  }

  /// Training options, nested and by their dotted names.
  private static var training: JSONValue { object(trainingProperties) }

  private static var trainingProperties: [String: JSONValue] {
    var properties: [String: JSONValue] = [:]
    var groups: [String: [String: JSONValue]] = [:]
    for option in TrainingOption.all {
      let value = orNothing(reference(Axis.trainingPrefix + option.name))
      properties[option.name] = value
      let parts = option.name.split(separator: ".").map(String.init)
      if parts.count == 2 { groups[parts[0], default: [:]][parts[1]] = value }
    }
    for (name, members) in groups { properties[name] = object(members) }
    return properties
  }

  /// Where a backbone's source weights come from.
  private static var source: JSONValue {
    var pretrain = trainingProperties
    pretrain["dataset"] = ["type": "string"]
    pretrain["seed"] = orVariable(["type": "integer", "minimum": 0, "default": 0])
    return [
      "oneOf": [
        object(
          [
            "file": ["type": "string"],
            "kind": orVariable(["enum": .texts(WeightsKind.allCases.map(\.rawValue)), "default": "supervised"]),
          ], required: ["file"]),
        object(["pretrain": object(pretrain, required: ["dataset"])], required: ["pretrain"]),
        ["type": "null"],
      ]
    ]
  }

  private static func dataset(_ format: DatasetFormat, isNamed: Bool = false) -> JSONValue {
    var schema = members(format.declarations)
    schema["properties", "format"] = ["const": .string(format.rawValue)]
    schema["required"] = .array((isNamed ? [] : [.string("format")]) + (schema["required"]?.arrayValue ?? []))
    return .object(schema)
  }

  private static var formats: [JSONValue] { DatasetFormat.allCases.map { reference("datasets.\($0.rawValue)") } }

  /// Options of a data set whose format an extended file says.
  private static let anyFormat: JSONValue = ["type": "object", "properties": ["format": false]]

  /// Published data sets under their own names, which say the format.
  private static var published: [String: JSONValue] {
    Dictionary(
      uniqueKeysWithValues: DatasetFormat.allCases.filter { $0.published != nil }.map { format in
        (format.rawValue, ["anyOf": .array([dataset(format, isNamed: true)] + formats)])
      })
  }

  /// A list, or one that is added to what is there.
  private static func addable(_ item: JSONValue) -> JSONValue {
    let list: JSONValue = ["type": "array", "items": item]
    return ["anyOf": [list, object([Inheritance.append: list], required: [Inheritance.append])]]
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
  subscript(outer: String, inner: String) -> JSONValue? {
    get { self[outer]?[inner] }
    set {
      var members = self[outer]?.objectValue ?? [:]
      members[inner] = newValue
      self[outer] = .object(members)
    }
  }
}
