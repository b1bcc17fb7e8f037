/// Schemas of values, by their shapes.
extension StudySchema {
  static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/$defs/\(name)")] }

  /// A value, or nothing: what is left empty takes away what an extended file says.
  static func orNothing(_ schema: JSONValue) -> JSONValue { ["anyOf": [schema, ["type": "null"]]] }

  /// A value, or a text in which a variable stands.
  static func orVariable(_ schema: JSONValue) -> JSONValue { ["anyOf": [schema, reference("variable")]] }

  static func object(_ properties: [String: JSONValue], required: [String] = []) -> JSONValue {
    var schema: [String: JSONValue] = [
      "type": "object", "properties": .object(properties), "additionalProperties": false,
    ]
    if !required.isEmpty { schema["required"] = .texts(required) }
    return .object(schema)
  }

  static func members(_ declarations: [OptionDeclaration]) -> [String: JSONValue] {
    var required: [String] = []
    var properties: [String: JSONValue] = [:]
    for declaration in declarations {
      properties[declaration.name] = described(declaration)
      if case .required = declaration.standard { required.append(declaration.name) }
    }
    return object(properties, required: required).objectValue ?? [:]
  }

  static func described(_ declaration: OptionDeclaration) -> JSONValue {
    var schema = schema(declaration.shape).objectValue ?? [:]
    schema["description"] = .string(declaration.meaning)
    if case .value(let value) = declaration.standard { schema["default"] = value }
    return .object(schema)
  }

  static func schema(_ shape: ValueShape) -> JSONValue {
    switch shape {
    case .integer(let range):
      return orVariable([
        "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
      ])
    case .number(let range):
      var schema: [String: JSONValue] = ["type": "number"]
      schema[range.includesLow ? "minimum" : "exclusiveMinimum"] = .number(range.low)
      if range.high < .infinity { schema[range.includesHigh ? "maximum" : "exclusiveMaximum"] = .number(range.high) }
      return orVariable(.object(schema))
    case .span(let range):
      return ["type": "array", "items": schema(.number(range)), "minItems": 2, "maxItems": 2]
    case .flag: return orVariable(["type": "boolean"])
    case .text: return ["type": ["string", "number", "boolean"]]
    case .duration:
      return orVariable([
        "anyOf": [
          ["type": "number", "minimum": 0], ["type": "string", "pattern": .string(Quantity.duration.pattern)],
        ]
      ])
    case .memory: return orVariable(["type": "string", "pattern": .string(Quantity.memory.pattern)])
    case .choice(let names):
      return orVariable(["enum": .array(names.map { Double($0).map { .number($0) } ?? .string($0) })])
    case .list(let element, let count):
      return [
        "type": "array", "items": schema(element), "minItems": .integer(count.lowerBound),
        "maxItems": .integer(count.upperBound),
      ]
    case .either(let first, let second): return ["anyOf": [schema(first), schema(second)]]
    case .members(let declarations): return .object(members(declarations))
    case .variant(let variant):
      return orVariable(["anyOf": .array(variant.forms.flatMap { forms(of: $0, in: variant) })])
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
}
