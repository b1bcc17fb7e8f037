import Foundation
import Planner
import Yams

/// Checks values by a JSON Schema: the keywords of 2020-12 that Graft's schema uses, and no others.
struct SchemaValidator: Sendable {
  let schema: JSONValue
  /// Every pattern of the schema, made once.
  private let patterns: [String: NSRegularExpression]

  init(schema: JSONValue) {
    self.schema = schema
    var patterns: [String: NSRegularExpression] = [:]
    func collect(_ value: JSONValue) {
      if let pattern = value["pattern"]?.stringValue {
        patterns[pattern] = patterns[pattern] ?? (try? NSRegularExpression(pattern: pattern))
      }
      (value.objectValue.map { Array($0.values) } ?? value.arrayValue ?? []).forEach(collect)
    }
    collect(schema)
    self.patterns = patterns
  }

  private static let annotations: Set<String> = ["$schema", "$defs", "title", "description", "default"]

  /// A keyword that is not known here: the schema says more than is checked.
  struct UnknownKeyword: Error { let name: String }

  func isValid(_ value: JSONValue) throws -> Bool { try isValid(value, by: schema) }

  private func isValid(_ value: JSONValue, by schema: JSONValue) throws -> Bool {
    guard let keywords = schema.objectValue else { return schema != false }
    for (name, argument) in keywords where !Self.annotations.contains(name) {
      if try !holds(name, argument, of: value, in: schema) { return false }
    }
    return true
  }

  private func holds(_ keyword: String, _ argument: JSONValue, of value: JSONValue, in schema: JSONValue) throws -> Bool
  {
    switch keyword {
    case "$ref":
      let path = (argument.stringValue ?? "").split(separator: "/").dropFirst().map(String.init)
      guard let target = path.reduce(self.schema as JSONValue?, { $0?[$1] }) else {
        throw UnknownKeyword(name: argument.canonicalText)
      }
      return try isValid(value, by: target)
    case "type":
      return (argument.arrayValue ?? [argument]).contains { Self.isOfType($0.stringValue, value) }
    case "const": return value == argument
    case "enum": return argument.arrayValue?.contains(value) ?? false
    case "anyOf": return try (argument.arrayValue ?? []).contains { try isValid(value, by: $0) }
    case "oneOf": return try (argument.arrayValue ?? []).filter { try isValid(value, by: $0) }.count == 1
    case "if":
      guard let branch = try isValid(value, by: argument) ? schema["then"] : schema["else"] else { return true }
      return try isValid(value, by: branch)
    case "then", "else": return true
    case "minimum": return value.doubleValue.map { $0 >= argument.doubleValue ?? 0 } ?? true
    case "maximum": return value.doubleValue.map { $0 <= argument.doubleValue ?? 0 } ?? true
    case "exclusiveMinimum": return value.doubleValue.map { $0 > argument.doubleValue ?? 0 } ?? true
    case "exclusiveMaximum": return value.doubleValue.map { $0 < argument.doubleValue ?? 0 } ?? true
    case "minLength": return value.stringValue.map { $0.unicodeScalars.count >= argument.intValue ?? 0 } ?? true
    case "pattern":
      guard let pattern = patterns[argument.stringValue ?? ""] else {
        throw UnknownKeyword(name: argument.canonicalText)
      }
      return value.stringValue.map { text in
        pattern.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
      } ?? true
    case "items": return try (value.arrayValue ?? []).allSatisfy { try isValid($0, by: argument) }
    case "minItems": return value.arrayValue.map { $0.count >= argument.intValue ?? 0 } ?? true
    case "maxItems": return value.arrayValue.map { $0.count <= argument.intValue ?? 0 } ?? true
    case "uniqueItems": return value.arrayValue.map { Set($0).count == $0.count } ?? true
    case "minProperties": return value.objectValue.map { $0.count >= argument.intValue ?? 0 } ?? true
    case "required":
      return value.objectValue.map { members in
        (argument.arrayValue ?? []).allSatisfy { members[$0.stringValue ?? ""] != nil }
      } ?? true
    case "properties":
      return try (argument.objectValue ?? [:]).allSatisfy { name, schema in
        try value[name].map { try isValid($0, by: schema) } ?? true
      }
    case "additionalProperties":
      let known = schema["properties"]?.objectValue ?? [:]
      return try (value.objectValue ?? [:]).filter { known[$0.key] == nil }.values
        .allSatisfy { try isValid($0, by: argument) }
    case "propertyNames":
      return try (value.objectValue ?? [:]).keys.allSatisfy { try isValid(.string($0), by: argument) }
    default: throw UnknownKeyword(name: keyword)
    }
  }

  private static func isOfType(_ name: String?, _ value: JSONValue) -> Bool {
    switch (name, value) {
    case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .string), ("array", .array),
      ("object", .object):
      true
    case ("integer", .number(let number)): number == number.rounded()
    default: false
    }
  }
}

extension JSONValue {
  /// A YAML text as JSON, by YAML 1.2's core schema; nil where it is no YAML or says what JSON cannot.
  static func yaml(_ text: String) -> JSONValue? {
    guard let node = try? Yams.compose(yaml: text) else { return nil }
    var count = 0
    return yaml(node, &count)
  }

  /// - Parameter count: Of the values so far; aliases may stand for more than can be written out.
  private static func yaml(_ node: Node, _ count: inout Int) -> JSONValue? {
    count += 1
    guard count < 10_000 else { return nil }
    switch node {
    case .scalar(let scalar):
      guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
      switch scalar.string {
      case "", "~", "null", "Null", "NULL": return .null
      case "true", "True", "TRUE": return true
      case "false", "False", "FALSE": return false
      default:
        let isNumeric = scalar.string.contains(where: \.isNumber) && !scalar.string.lowercased().contains("x")
        if isNumeric, let number = Double(scalar.string), number.isFinite { return .number(number) }
        return .string(scalar.string)
      }
    case .sequence(let sequence):
      var values: [JSONValue] = []
      for element in sequence {
        guard let value = yaml(element, &count) else { return nil }
        values.append(value)
      }
      return .array(values)
    case .mapping(let mapping):
      var members: [String: JSONValue] = [:]
      for (key, value) in mapping {
        guard case .scalar(let name) = key, let value = yaml(value, &count) else { return nil }
        members[name.string] = value
      }
      return .object(members)
    case .alias: return nil
    }
  }
}
