extension ValueShape {
  /// A value in few signs, by which a cell is named: the same however the value was written. Numbers are canonical; lists stand
  /// in brackets, mappings in braces without what is at its default; a form without arguments is its name.
  ///
  /// - Parameter value: As `ShapeReader` reads it.
  func shortText(of value: JSONValue) -> String {
    switch (self, value) {
    case (.list(let element, _), .array(let values)):
      "[\(values.map { element.shortText(of: $0) }.joined(separator: ","))]"
    case (.span(let range), .array(let values)):
      "[\(values.map { ValueShape.number(range).shortText(of: $0) }.joined(separator: ","))]"
    case (.either(let first, let second), _): (first.holds(value) ? first : second).shortText(of: value)
    case (.members(let declarations), .object(let members)):
      "{\(Self.changed(members, declarations).joined(separator: ","))}"
    case (.variant(let variant), .object(let members)): variant.shortText(of: members)
    case (_, .string(let text)): text
    default: value.canonicalText
    }
  }

  /// `name:value` of the members that are not at their defaults, in the order in which they are declared.
  fileprivate static func changed(_ members: [String: JSONValue], _ declarations: [OptionDeclaration]) -> [String] {
    declarations.compactMap { declaration in
      guard let value = members[declaration.name] else { return nil }
      if case .value(let standard) = declaration.standard, standard == value { return nil }
      return "\(declaration.name):\(declaration.shape.shortText(of: value))"
    }
  }

  /// Whether a value that was read is of this shape rather than of another that it is an alternative to.
  private func holds(_ value: JSONValue) -> Bool {
    switch (self, value) {
    case (.integer, .number), (.number, .number), (.flag, .bool), (.span, .array), (.list, .array): true
    case (.text, .string), (.members, .object), (.variant, .object): true
    case (.choice(let names), .string(let text)): names.contains(text)
    case (.choice, .number): true
    case (.either(let first, let second), _): first.holds(value) || second.holds(value)
    default: false
    }
  }
}

extension VariantShape {
  fileprivate func shortText(of members: [String: JSONValue]) -> String {
    let name = members[tag]?.stringValue ?? ""
    let form = forms.first { $0.name == name }
    let changed = ValueShape.changed(members, form?.members ?? [])
    return changed.isEmpty ? name : "{\(([tag + ":" + name] + changed).joined(separator: ","))}"
  }
}
