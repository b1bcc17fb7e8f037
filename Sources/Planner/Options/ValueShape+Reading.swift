/// Reads a value of the study's text by its shape.
struct ShapeReader {
  let faults: FaultCollector

  /// The value as canonical JSON with fixed defaults filled in; nil where it is wrong, with every fault recorded.
  func read(_ value: YAMLValue, as shape: ValueShape, name: String) -> JSONValue? {
    switch shape {
    case .integer(let range):
      guard case .number = value.content else { return wrongType(value, shape, name) }
      guard let integer = value.integer, range.contains(integer) else { return outOfRange(value, shape, name) }
      return .number(Double(integer))
    case .number(let range):
      guard let number = value.number else { return wrongType(value, shape, name) }
      guard range.contains(number) else { return outOfRange(value, shape, name) }
      return .number(number == 0 ? 0 : number)
    case .span(let range):
      guard let values = value.list, values.count == 2 else { return wrongType(value, shape, name) }
      let ends = values.compactMap { read($0, as: .number(range), name: name)?.doubleValue }
      guard ends.count == 2 else { return nil }
      guard ends[0] <= ends[1] else {
        faults.add(.invertedRange(name: name, low: values[0].text, high: values[1].text), at: value.place)
        return nil
      }
      return .array(ends.map { .number($0) })
    case .flag:
      guard case .bool(let flag) = value.content else { return wrongType(value, shape, name) }
      return .bool(flag)
    case .text:
      guard let text = value.scalarText, !text.isEmpty else { return wrongType(value, shape, name) }
      return .string(text)
    case .duration: return quantity(value, .duration, shape, name)
    case .memory: return quantity(value, .memory, shape, name).map { .number(($0.doubleValue ?? 0).rounded()) }
    case .choice(let names):
      guard let text = value.scalarText else { return wrongType(value, shape, name) }
      if let index = names.firstIndex(of: text) { return isNumeric(names[index]) ?? .string(names[index]) }
      faults.add(.notOneOf(name: name, value: text, valid: names), at: value.place)
      return nil
    case .list(let element, let count):
      guard let values = value.list else { return wrongType(value, shape, name) }
      guard count.contains(values.count) else {
        faults.add(
          .wrongType(name: name, expected: shape.expectation, found: "a list of \(values.count)"), at: value.place)
        return nil
      }
      let read = values.map { self.read($0, as: element, name: name) }
      let complete = read.compactMap { $0 }
      return complete.count == values.count ? .array(complete) : nil
    case .either(let first, let second):
      let possible = [first, second].filter { $0.isWritten(as: value.content) }
      guard let meant = possible.first(where: { $0.hasWord(value.text) }) ?? possible.first else {
        return wrongType(value, shape, name)
      }
      // A word that is none of the choice's is told all that the value may be.
      if case .choice(let names) = meant, !names.contains(value.text) { return outOfRange(value, shape, name) }
      return read(value, as: meant, name: name)
    case .members(let declarations):
      guard let members = value.members else { return wrongType(value, shape, name) }
      return self.members(members, declarations, name: name, at: value.place).map { .object($0) }
    case .variant(let variant): return self.variant(value, variant, name: name)
    }
  }

  /// The members of a mapping by their declarations, fixed defaults filled in; nil where one is wrong.
  func members(
    _ members: [YAMLMember], _ declarations: [OptionDeclaration], name: String, at place: Place
  ) -> [String: JSONValue]? {
    var result: [String: JSONValue] = [:]
    var isComplete = true
    for member in members {
      guard let declaration = declarations.first(where: { $0.name == member.name }) else {
        faults.add(
          .unknownName(what: "option of \(name)", name: member.name, valid: declarations.map(\.name)),
          at: member.place)
        isComplete = false
        continue
      }
      if let read = read(member.value, as: declaration.shape, name: declaration.name) {
        result[declaration.name] = read
      } else {
        isComplete = false
      }
    }
    for declaration in declarations where !members.contains(where: { $0.name == declaration.name }) {
      switch declaration.standard {
      case .value(let standard): result[declaration.name] = standard
      case .derived: break
      case .required:
        faults.add(.missingName(what: name, name: declaration.name, example: nil), at: place)
        isComplete = false
      }
    }
    return isComplete ? result : nil
  }

  private func variant(_ value: YAMLValue, _ variant: VariantShape, name: String) -> JSONValue? {
    func form(_ text: String, at place: Place) -> VariantForm? {
      if let form = variant.forms.first(where: { $0.name == text }) { return form }
      faults.add(.unknownName(what: variant.noun, name: text, valid: variant.forms.map(\.name)), at: place)
      return nil
    }
    if let text = value.scalarText {
      guard let form = form(text, at: value.place) else { return nil }
      return finished(form, [], variant, at: value.place)
    }
    guard let members = value.members else {
      return wrongType(value, .variant(variant), name)
    }
    let rest = members.filter { $0.name != variant.tag }
    if let tag = members.first(where: { $0.name == variant.tag }) {
      guard let text = tag.value.scalarText else {
        faults.add(
          .wrongType(name: variant.tag, expected: ValueShape.variant(variant).expectation, found: tag.value.kindText),
          at: tag.value.place)
        return nil
      }
      guard let form = form(text, at: tag.value.place) else { return nil }
      return finished(form, rest, variant, at: value.place)
    }
    let told = variant.forms.first { form in
      form.tellingMember.map { telling in members.contains { $0.name == telling } } ?? false
    }
    guard let form = told ?? variant.forms.first(where: { $0.name == variant.fallback }) else {
      faults.add(
        .missingName(
          what: variant.noun.first.map("aeiou".contains) ?? false ? "an \(variant.noun)" : "a \(variant.noun)",
          name: variant.tag, example: "{\(variant.tag): \(variant.forms[0].name)}"),
        at: value.place)
      return nil
    }
    return finished(form, rest, variant, at: value.place)
  }

  private func finished(
    _ form: VariantForm, _ members: [YAMLMember], _ variant: VariantShape, at place: Place
  ) -> JSONValue? {
    guard var object = self.members(members, form.members, name: "`\(form.name)`", at: place) else { return nil }
    object[variant.tag] = .string(form.name)
    return .object(object)
  }

  private func quantity(_ value: YAMLValue, _ quantity: Quantity, _ shape: ValueShape, _ name: String) -> JSONValue? {
    guard let text = value.scalarText else { return wrongType(value, shape, name) }
    guard let amount = quantity.amount(text) else { return outOfRange(value, shape, name) }
    return .number(amount)
  }

  private func isNumeric(_ text: String) -> JSONValue? {
    if case .number(let value) = YAMLValue.resolved(plain: text) { return .number(value) }
    return nil
  }

  private func wrongType(_ value: YAMLValue, _ shape: ValueShape, _ name: String) -> JSONValue? {
    faults.add(.wrongType(name: name, expected: shape.expectation, found: value.kindText), at: value.place)
    return nil
  }

  private func outOfRange(_ value: YAMLValue, _ shape: ValueShape, _ name: String) -> JSONValue? {
    faults.add(.outOfRange(name: name, value: value.text, expected: shape.expectation), at: value.place)
    return nil
  }
}

extension ValueShape {
  /// Whether a text may be one of its values, as far as its names tell.
  fileprivate func hasWord(_ text: String) -> Bool {
    if case .choice(let names) = self { names.contains(text) } else { true }
  }

  /// Whether its values are written as the content is, right or wrong.
  fileprivate func isWritten(as content: YAMLValue.Content) -> Bool {
    switch (self, content) {
    case (.integer, .number), (.number, .number), (.flag, .bool), (.span, .list), (.list, .list): true
    case (.choice, .string), (.choice, .number), (.choice, .bool): true
    case (.text, .string), (.text, .number), (.text, .bool): true
    case (.duration, .number), (.duration, .string), (.memory, .number), (.memory, .string): true
    case (.members, .mapping), (.variant, .mapping), (.variant, .string): true
    case (.either(let first, let second), _): first.isWritten(as: content) || second.isWritten(as: content)
    default: false
    }
  }
}
