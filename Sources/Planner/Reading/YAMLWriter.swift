/// Writes a value as YAML text that reads as the same value: the outer mappings a line a member, the inner ones in braces.
enum YAMLWriter {
  /// Mappings down to this level are written a line a member.
  private static let blockLevels = 2

  /// The text of a mapping; ends in a line break.
  static func text(of members: [YAMLMember]) -> String { block(members, level: 0) }

  private static func block(_ members: [YAMLMember], level: Int) -> String {
    let indent = String(repeating: "  ", count: level)
    return members.map { member in
      let name = indent + scalar(member.name, isText: true) + ":"
      if let inner = member.value.members, !inner.isEmpty, level + 1 < blockLevels {
        return "\(name)\n\(block(inner, level: level + 1))"
      }
      return "\(name) \(flow(member.value))\n"
    }.joined()
  }

  private static func flow(_ value: YAMLValue) -> String {
    switch value.content {
    case .null: "null"
    case .bool, .number: scalar(value.text, isText: false)
    case .string: scalar(value.text, isText: true)
    case .list(let values): "[\(values.map(flow).joined(separator: ", "))]"
    case .mapping(let members):
      "{\(members.map { "\(scalar($0.name, isText: true)): \(flow($0.value))" }.joined(separator: ", "))}"
    }
  }

  /// A scalar bare where it reads as what it is, else quoted; a dollar sign is doubled, as it begins a substitution.
  private static func scalar(_ text: String, isText: Bool) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "_-./+".utf8.contains(byte)
    }
    let startsPlain = text.utf8.first.map { $0 != UInt8(ascii: "-") || !isText } ?? false
    if isPlain, startsPlain {
      if !isText { return text }
      if case .string = YAMLValue.resolved(plain: text) { return text }
    }
    return JSONValue.string(text.replacing("$", with: "$$")).canonicalText
  }
}
