/// A value of the study's text, with the place that it was written at.
struct YAMLValue {
  indirect enum Content {
    case null
    case bool(Bool)
    case number(Double)
    case string
    case list([YAMLValue])
    case mapping([YAMLMember])
  }

  let content: Content
  let place: Place
  /// A scalar as written, after substitution; empty for a list or a mapping.
  let text: String

  /// What it is, for an error: "the text `abc`", "a list".
  var kindText: String {
    switch content {
    case .null: "empty"
    case .bool: Fault.quoted(text)
    case .number: Fault.quoted(text)
    case .string: "the text \(Fault.quoted(text))"
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }

  /// A scalar's text: numbers and truth values as written, so that a class may be called `1` or `yes`.
  var scalarText: String? {
    switch content {
    case .bool, .number, .string: text
    case .null, .list, .mapping: nil
    }
  }

  var list: [YAMLValue]? {
    if case .list(let values) = content { return values }
    return nil
  }

  var members: [YAMLMember]? {
    if case .mapping(let members) = content { return members }
    return nil
  }

  var number: Double? {
    if case .number(let value) = content { return value }
    return nil
  }

  /// A whole number that a double holds exactly.
  var integer: Int? {
    guard let number, number == number.rounded(), number.magnitude < 0x1p53 else { return nil }
    return Int(number)
  }

  /// What a plain scalar stands for, by YAML 1.2's core schema: `yes`, `no`, `on` and `off` are texts.
  static func resolved(plain text: String) -> Content {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default:
      let isNumeric =
        text.utf8.contains { (48...57).contains($0) }
        && text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
      if isNumeric, let value = Double(text), value.isFinite { return .number(value) }
      return .string
    }
  }
}

/// A key of a mapping and its value.
struct YAMLMember {
  let name: String
  let place: Place
  let value: YAMLValue
}
