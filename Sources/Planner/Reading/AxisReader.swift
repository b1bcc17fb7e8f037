/// Reads one axis: a value, a list of values, numbers by their ends, values under a condition or by names of their own.
struct AxisReader {
  /// Values of one axis.
  static let valueLimit = 100_000

  let faults: FaultCollector
  let datasetNames: DatasetNames
  let conditions: ConditionReader

  /// The members that make a mapping a way of giving values, and no value.
  static let ways = ["values", "named", "range", "linear", "log"]
  private static let members = ["when"] + ways + ["step"]

  /// Values that a cell may have where their condition holds.
  private struct Case {
    let when: YAMLValue?
    var values: [NamedValue]
  }

  /// A value, and the name that it is given.
  private struct NamedValue {
    let value: YAMLValue
    let name: String?
  }

  /// An axis of `axes`; nil where its name is none.
  func axis(_ member: YAMLMember) -> Axis? {
    let fixed = [Axis.dataset, Axis.backbone, Axis.fraction, Axis.initialisation]
    let option =
      member.name.hasPrefix(Axis.trainingPrefix)
      ? TrainingOption.named(String(member.name.dropFirst(Axis.trainingPrefix.count))) : nil
    guard fixed.contains(member.name) || option != nil else {
      if member.name == Axis.seed {
        faults.add(.seedsAmongAxes, at: member.place)
      } else {
        let valid = fixed + TrainingOption.all.map { Axis.trainingPrefix + $0.name }
        faults.add(.unknownName(what: "axis", name: member.name, valid: valid), at: member.place)
      }
      return nil
    }
    if let option {
      return axis(member, named: member.name, takes: option.shape) { furtherEntry($0, $1, member.name, option) }
    }
    let shape: ValueShape = member.name == Axis.fraction ? .number(.above(0, to: 1)) : .text
    return axis(member, named: member.name, takes: shape) { value, _ in fixedEntry(value, member.name) }
  }

  /// The axis of `seeds`: a count, or whole numbers as an axis gives them.
  func seeds(_ member: YAMLMember) -> Axis {
    let expected = "a count from 1 to \(Self.valueLimit), a list of whole numbers from 0, or {range: [FIRST, LAST]}"
    func empty() -> Axis { Axis(name: Axis.seed, values: [], place: member.place) }
    switch member.value.content {
    case .number:
      guard let count = member.value.integer, (1...Self.valueLimit).contains(count) else {
        faults.add(.outOfRange(name: "seeds", value: member.value.text, expected: expected), at: member.value.place)
        return empty()
      }
      let entries = (0..<count).map { AxisEntry(text: String($0), value: .integer($0), place: member.value.place) }
      return Axis(name: Axis.seed, values: entries, place: member.place)
    case .list, .mapping:
      return axis(member, named: Axis.seed, takes: .integer(from: 0)) { value, _ in
        ShapeReader(faults: faults).read(value, as: .integer(from: 0), name: "seeds")?.intValue.map {
          AxisEntry(text: String($0), value: .integer($0), place: value.place)
        }
      }
    case .null, .bool, .string:
      faults.add(.wrongType(name: "seeds", expected: expected, found: member.value.kindText), at: member.value.place)
      return empty()
    }
  }

  /// - Parameters:
  ///   - name: What the axis is called.
  ///   - shape: What a value of it is.
  ///   - entry: Reads a value with its name; nil where it is wrong, with its faults recorded.
  private func axis(
    _ member: YAMLMember, named name: String, takes shape: ValueShape,
    entry: (_ value: YAMLValue, _ name: String?) -> AxisEntry?
  ) -> Axis {
    var axis = Axis(name: name, values: [], place: member.place)
    let before = faults.count
    let cases = cases(member, takes: shape)
    var values: Set<JSONValue> = []
    var texts: Set<String> = []
    for (choice, written) in cases.enumerated() {
      values.removeAll(keepingCapacity: true)
      texts.removeAll(keepingCapacity: true)
      for value in written.values {
        guard var entry = entry(value.value, value.name) else { continue }
        entry.choice = choice
        if values.insert(entry.value).inserted, texts.insert(entry.text).inserted {
          axis.values.append(entry)
        } else {
          faults.add(.repeatedValue(name: member.name, value: entry.text), at: value.value.place)
        }
      }
    }
    if axis.values.isEmpty, faults.count == before { faults.add(.emptyList(name: member.name), at: member.value.place) }
    if axis.values.count > Self.valueLimit {
      faults.add(
        .tooMany(what: "values of \(Fault.quoted(member.name))", count: "\(axis.values.count)", limit: Self.valueLimit),
        at: member.value.place)
      axis.values.removeAll()
    }
    guard cases.contains(where: { $0.when != nil }) else { return axis }
    guard axis.trainingOption != nil else {
      for when in cases.compactMap(\.when) { faults.add(.conditionOnFixedAxis(name: name), at: when.place) }
      return axis
    }
    axis.cases = cases.map { written in written.when.flatMap { conditions.condition($0, name: "when") } }
    if let open = cases.firstIndex(where: { $0.when == nil }), open < cases.count - 1 {
      let place = cases[open + 1].when?.place ?? cases[open + 1].values.first?.value.place
      faults.add(.caseNeverReached(name: name), at: place ?? member.value.place)
    }
    return axis
  }

  /// What is written, by conditions; what has none and stands side by side is one.
  private func cases(_ member: YAMLMember, takes shape: ValueShape) -> [Case] {
    let written: [YAMLValue]
    switch member.value.content {
    case .list(let values): written = values
    case .null: written = []
    case .bool, .number, .string, .mapping: written = [member.value]
    }
    var cases: [Case] = []
    for value in written {
      guard let read = self.case(value, of: member.name, takes: shape) else { continue }
      // Nothing may hold the list that grows, or it is copied for every value.
      let isJoined = read.when == nil && cases.last.map { $0.when == nil } ?? false
      if isJoined {
        cases[cases.count - 1].values += read.values
      } else {
        cases.append(read)
      }
    }
    return cases
  }

  private func `case`(_ value: YAMLValue, of axis: String, takes shape: ValueShape) -> Case? {
    guard let members = value.members, members.contains(where: { $0.name == "when" || Self.ways.contains($0.name) })
    else { return Case(when: nil, values: [NamedValue(value: value, name: nil)]) }
    for member in members where !Self.members.contains(member.name) {
      faults.add(.unknownName(what: "part of an axis", name: member.name, valid: Self.members), at: member.place)
    }
    let when = members.first { $0.name == "when" }?.value
    let given = members.filter { Self.ways.contains($0.name) }
    guard let way = given.first else {
      faults.add(
        .missingName(what: Fault.quoted(axis), name: "values", example: "{when: {backbone: NAME}, values: [...]}"),
        at: value.place)
      return nil
    }
    if given.count > 1 {
      faults.add(.severalForms(name: axis, forms: given.map(\.name)), at: given[1].place)
      return nil
    }
    let step = members.first { $0.name == "step" }
    if let step, way.name != "range" {
      faults.add(
        .unknownName(what: "part of \(Fault.quoted(way.name))", name: "step", valid: ["when"]), at: step.place)
    }
    return values(way, step: step, of: axis, takes: shape).map { Case(when: when, values: $0) }
  }

  private func values(_ way: YAMLMember, step: YAMLMember?, of axis: String, takes shape: ValueShape) -> [NamedValue]? {
    switch way.name {
    case "values":
      guard let list = way.value.list else {
        faults.add(.wrongType(name: "values", expected: "a list", found: way.value.kindText), at: way.value.place)
        return nil
      }
      if list.isEmpty { faults.add(.emptyList(name: axis), at: way.value.place) }
      return list.flatMap { value -> [NamedValue] in
        guard let inner = self.case(value, of: axis, takes: shape) else { return [] }
        if let when = inner.when {
          faults.add(.unknownName(what: "part of `values`", name: "when", valid: Self.ways), at: when.place)
        }
        return inner.values
      }
    case "named":
      guard axis.hasPrefix(Axis.trainingPrefix) else {
        faults.add(
          .unknownName(what: "part of \(Fault.quoted(axis))", name: "named", valid: Self.ways.filter { $0 != "named" }),
          at: way.place)
        return nil
      }
      guard let members = way.value.members else {
        faults.add(
          .wrongType(name: "named", expected: "a mapping of names and values", found: way.value.kindText),
          at: way.value.place)
        return nil
      }
      if members.isEmpty { faults.add(.emptyList(name: axis), at: way.value.place) }
      for member in members { checkName(member) }
      return members.map { NamedValue(value: $0.value, name: $0.name) }
    default:
      return numbers(way, step: step, of: axis, takes: shape)?.map { NamedValue(value: $0, name: nil) }
    }
  }

  private func checkName(_ member: YAMLMember) {
    let letters = member.name.utf8
    let isName =
      letters.count <= 60 && letters.first.map { ($0 | 32) > 96 && ($0 | 32) < 123 } ?? false
      && letters.allSatisfy {
        (48...57).contains($0) || ($0 | 32) > 96 && ($0 | 32) < 123 || "._+-".utf8.contains($0)
      }
    guard !isName else { return }
    faults.add(
      .invalidName(
        what: "a value", value: member.name,
        rule: "use letters, digits, `.`, `_`, `+` and `-`, at most 60, beginning with a letter"),
      at: member.place)
  }
}

extension AxisReader {
  /// `range`, `linear` or `log` written out.
  private func numbers(
    _ way: YAMLMember, step: YAMLMember?, of axis: String, takes shape: ValueShape
  ) -> [YAMLValue]? {
    guard shape.takesNumbers else {
      faults.add(
        .wrongType(name: axis, expected: shape.expectation, found: "numbers by \(Fault.quoted(way.name))"),
        at: way.place)
      return nil
    }
    guard let sequence = sequence(way, step: step) else { return nil }
    guard sequence.count <= Double(Self.valueLimit) else {
      let count = JSONValue.number(sequence.count).canonicalText
      faults.add(
        .tooMany(what: "values of \(Fault.quoted(axis))", count: count, limit: Self.valueLimit), at: way.value.place)
      return nil
    }
    let numbers = sequence.values(areWhole: shape.takesWholeNumbersOnly)
    if let twice = zip(numbers, numbers.dropFirst()).first(where: { $0 == $1 }) {
      faults.add(
        .valuesCoincide(name: axis, value: JSONValue.number(twice.0).canonicalText), at: way.value.place)
      return nil
    }
    return numbers.map { number in
      YAMLValue(content: .number(number), place: way.value.place, text: JSONValue.number(number).canonicalText)
    }
  }

  private func sequence(_ way: YAMLMember, step: YAMLMember?) -> NumberSequence? {
    let isRange = way.name == "range"
    let expected =
      isRange ? "a list of the first and the last number" : "a list of the first number, the last one and how many"
    let values = way.value.list ?? []
    if let word = values.first(where: { $0.number == nil }) {
      faults.add(.wrongType(name: way.name, expected: expected, found: "one with \(word.kindText)"), at: word.place)
      return nil
    }
    let numbers = values.compactMap(\.number)
    guard numbers.count == (isRange ? 2 : 3) else {
      faults.add(
        .wrongType(
          name: way.name, expected: expected,
          found: way.value.list.map { "a list of \($0.count)" } ?? way.value.kindText),
        at: way.value.place)
      return nil
    }
    let (first, last) = (numbers[0], numbers[1])
    guard first <= last else {
      faults.add(.invertedRange(name: way.name, low: values[0].text, high: values[1].text), at: way.value.place)
      return nil
    }
    if isRange { return range(from: values[0], to: values[1], step: step) }
    guard let count = values[2].integer, count >= 2, first < last else {
      faults.add(
        .outOfRange(
          name: way.name, value: values[2].text, expected: "two different numbers and a count of at least 2"),
        at: values[2].place)
      return nil
    }
    if way.name == "linear" { return .linear(first: first, last: last, count: count) }
    guard first > 0 else {
      faults.add(
        .outOfRange(name: way.name, value: values[0].text, expected: "from a number above 0"), at: values[0].place)
      return nil
    }
    return .logarithmic(first: first, last: last, count: count)
  }

  private func range(from first: YAMLValue, to last: YAMLValue, step: YAMLMember?) -> NumberSequence? {
    guard let low = first.number, let high = last.number else { return nil }
    if let step {
      guard let size = step.value.number, size > 0 else {
        faults.add(
          .wrongType(name: "step", expected: "a number above 0", found: step.value.kindText), at: step.value.place)
        return nil
      }
      return .range(first: low, last: high, step: size)
    }
    if let fraction = [first, last].first(where: { $0.integer == nil }) {
      faults.add(
        .outOfRange(name: "range", value: fraction.text, expected: "two whole numbers unless it has a `step`"),
        at: fraction.place)
      return nil
    }
    return .range(first: low, last: high, step: 1)
  }

  private func furtherEntry(_ value: YAMLValue, _ label: String?, _ name: String, _ option: TrainingOption)
    -> AxisEntry?
  {
    guard let read = ShapeReader(faults: faults).read(value, as: option.shape, name: name) else { return nil }
    return AxisEntry(text: label ?? option.shape.shortText(of: read), value: read, place: value.place)
  }

  private func fixedEntry(_ value: YAMLValue, _ name: String) -> AxisEntry? {
    if name == Axis.fraction {
      guard let read = ShapeReader(faults: faults).read(value, as: .number(.above(0, to: 1)), name: name),
        let number = read.doubleValue
      else { return nil }
      return AxisEntry(text: "\(number)", value: read, place: value.place)
    }
    guard let text = value.scalarText else {
      faults.add(.wrongType(name: name, expected: "a list of names", found: value.kindText), at: value.place)
      return nil
    }
    let what: String
    let valid: [String]
    switch name {
    case Axis.dataset:
      if datasetNames.contains(text) { return AxisEntry(text: text, value: .string(text), place: value.place) }
      (what, valid) = ("data set", datasetNames.all)
    case Axis.backbone:
      if BackboneCatalogue.named(text) != nil {
        return AxisEntry(text: text, value: .string(text), place: value.place)
      }
      (what, valid) = ("backbone", BackboneCatalogue.all.map(\.name))
    default:
      if text == InitialisationSpec.everyDepth || InitialisationSpec(text) != nil {
        return AxisEntry(text: text, value: .string(text), place: value.place)
      }
      (what, valid) = ("initialisation", InitialisationSpec.forms)
    }
    faults.add(.unknownName(what: what, name: text, valid: valid), at: value.place)
    return nil
  }
}

/// The names of a study's data sets, in order and to look one up.
struct DatasetNames {
  let all: [String]
  private let set: Set<String>

  init(_ all: [String]) {
    self.all = all
    set = Set(all)
  }

  func contains(_ name: String) -> Bool { set.contains(name) }
}
