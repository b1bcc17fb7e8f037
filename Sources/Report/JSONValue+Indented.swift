import Planner

extension JSONValue {
  /// The value as JSON for people: two spaces a level, members in the canonical order, a line feed at the end.
  var indentedText: String { indented("") + "\n" }

  private func indented(_ margin: String) -> String {
    let inner = margin + "  "
    switch self {
    case .array(let values) where !values.isEmpty:
      return "[\n" + values.map { inner + $0.indented(inner) }.joined(separator: ",\n") + "\n\(margin)]"
    case .object(let members) where !members.isEmpty:
      let names = members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      let lines = names.map { name in
        "\(inner)\(JSONValue.string(name).canonicalText): \((members[name] ?? .null).indented(inner))"
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(margin)}"
    default: return canonicalText
    }
  }
}
