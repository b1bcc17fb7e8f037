/// Reads `rules` and `exclude`.
struct ConditionReader {
  let faults: FaultCollector
  let blocks: [Block]
  let datasetNames: [String]

  func rules(_ value: YAMLValue, training: TrainingReader) -> [Rule] {
    guard let values = value.list else {
      faults.add(.wrongType(name: "rules", expected: "a list", found: value.kindText), at: value.place)
      return []
    }
    return values.compactMap { rule($0, training: training) }
  }

  func exclusions(_ value: YAMLValue) -> [Condition] {
    guard let values = value.list else {
      faults.add(.wrongType(name: "exclude", expected: "a list", found: value.kindText), at: value.place)
      return []
    }
    return values.compactMap { condition($0, name: "exclude") }
  }

  private func rule(_ value: YAMLValue, training: TrainingReader) -> Rule? {
    guard let members = value.members else {
      faults.add(.wrongType(name: "rules", expected: "a list of mappings", found: value.kindText), at: value.place)
      return nil
    }
    for member in members where member.name != "when" && member.name != "set" {
      faults.add(.unknownName(what: "part of a rule", name: member.name, valid: ["when", "set"]), at: member.place)
    }
    guard let when = members.first(where: { $0.name == "when" }) else {
      faults.add(.missingName(what: "a rule", name: "when", example: "when: {dataset: NAME}"), at: value.place)
      return nil
    }
    guard let set = members.first(where: { $0.name == "set" }) else {
      faults.add(
        .missingName(what: "a rule", name: "set", example: "set: {training.epochs: 10}"), at: value.place)
      return nil
    }
    let condition = condition(when.value, name: "when")
    var changes: [String: OptionChange] = [:]
    for member in set.value.members ?? [] {
      if member.name == "training" {
        changes.merge(training.changes(member.value)) { _, later in later }
      } else if member.name.hasPrefix(Axis.trainingPrefix) {
        let name = String(member.name.dropFirst(Axis.trainingPrefix.count))
        var training = training
        training.shownPrefix = Axis.trainingPrefix
        training.read(
          [YAMLMember(name: name, place: member.place, value: member.value)], below: "", into: &changes)
        let isAxis = blocks.contains { $0.axes.contains { $0.name == member.name } }
        if isAxis { faults.add(.ruleSetsAxis(name: member.name), at: member.place) }
      } else {
        faults.add(
          .unknownName(
            what: "option", name: member.name, valid: TrainingOption.all.map { Axis.trainingPrefix + $0.name }),
          at: member.place)
      }
    }
    if set.value.members == nil {
      faults.add(.wrongType(name: "set", expected: "a mapping", found: set.value.kindText), at: set.value.place)
    }
    return condition.map { Rule(condition: $0, changes: changes) }
  }

  /// A condition over axes; nil where it is wrong, with its faults recorded.
  func condition(_ value: YAMLValue, name: String) -> Condition? {
    guard let members = value.members else {
      faults.add(.wrongType(name: name, expected: "a mapping of axes", found: value.kindText), at: value.place)
      return nil
    }
    if members.isEmpty {
      faults.add(.emptyList(name: name), at: value.place)
      return nil
    }
    var terms: [(axis: String, matcher: Condition.Matcher)] = []
    let axes = blocks.flatMap(\.axes)
    for member in members {
      let isAxis = Axis.fixed.contains(member.name) || axes.contains { $0.name == member.name }
      guard isAxis else {
        var valid = Axis.fixed
        for axis in axes where !valid.contains(axis.name) { valid.append(axis.name) }
        // Without a grid the further axes are not known, so only they could be meant.
        if !blocks.isEmpty || !member.name.hasPrefix(Axis.trainingPrefix) {
          faults.add(.unknownName(what: "axis", name: member.name, valid: valid), at: member.place)
        }
        continue
      }
      if let matcher = matcher(member) { terms.append((member.name, matcher)) }
    }
    return terms.count == members.count ? Condition(terms: terms) : nil
  }

  private func matcher(_ member: YAMLMember) -> Condition.Matcher? {
    switch member.value.content {
    case .mapping(let ends): return range(ends, of: member)
    case .list(let values):
      if values.isEmpty { faults.add(.emptyList(name: member.name), at: member.value.place) }
      let patterns = values.compactMap { pattern($0, axis: member.name) }
      return patterns.count == values.count && !values.isEmpty ? .anyOf(patterns) : nil
    case .null, .bool, .number, .string: return pattern(member.value, axis: member.name).map { .anyOf([$0]) }
    }
  }

  private func range(_ members: [YAMLMember], of owner: YAMLMember) -> Condition.Matcher? {
    if owner.name == Axis.initialisation { return initialisations(members, of: owner) }
    var ends: [String: Double] = [:]
    var texts: [String: String] = [:]
    for member in members {
      guard member.name == "min" || member.name == "max" else {
        faults.add(.unknownName(what: "end of a range", name: member.name, valid: ["min", "max"]), at: member.place)
        return nil
      }
      guard let number = member.value.number else {
        faults.add(
          .wrongType(name: member.name, expected: "a number", found: member.value.kindText), at: member.value.place)
        return nil
      }
      ends[member.name] = number
      texts[member.name] = member.value.text
    }
    if [Axis.dataset, Axis.backbone].contains(owner.name) {
      faults.add(
        .wrongType(name: owner.name, expected: "a name, a glob or a list of them", found: "a range"),
        at: owner.value.place)
      return nil
    }
    guard !ends.isEmpty else {
      faults.add(.emptyList(name: owner.name), at: owner.value.place)
      return nil
    }
    if let low = ends["min"], let high = ends["max"], low > high {
      faults.add(
        .invertedRange(name: owner.name, low: texts["min"] ?? "", high: texts["max"] ?? ""), at: owner.value.place)
      return nil
    }
    return .range(low: ends["min"], high: ends["max"])
  }

  /// `{min: WT-ST-0, max: WT}`: initialisations stand in the order from random to transferred.
  private func initialisations(_ members: [YAMLMember], of owner: YAMLMember) -> Condition.Matcher? {
    var ends: [String: InitialisationSpec] = [:]
    for member in members {
      guard member.name == "min" || member.name == "max" else {
        faults.add(.unknownName(what: "end of a range", name: member.name, valid: ["min", "max"]), at: member.place)
        return nil
      }
      guard let end = member.value.scalarText.flatMap({ InitialisationSpec($0) }) else {
        faults.add(
          .wrongType(name: member.name, expected: "an initialisation such as `WT-ST-4`", found: member.value.kindText),
          at: member.value.place)
        return nil
      }
      ends[member.name] = end
    }
    guard !ends.isEmpty else {
      faults.add(.emptyList(name: owner.name), at: owner.value.place)
      return nil
    }
    return .initialisations(from: ends["min"], to: ends["max"])
  }

  /// Whether some backbone of the grid can begin so; any may where the grid is not known.
  private func isPossible(_ initialisation: InitialisationSpec?) -> Bool {
    guard let initialisation else { return false }
    let backbones = blocks.flatMap(\.axes).filter { $0.name == Axis.backbone }.flatMap(\.values)
      .compactMap { BackboneCatalogue.named($0.text) }
    return backbones.isEmpty || backbones.contains { initialisation.resolved(on: $0) != nil }
  }

  private func pattern(_ value: YAMLValue, axis: String) -> Condition.Pattern? {
    guard let text = value.scalarText else {
      faults.add(
        .wrongType(name: axis, expected: "a value, a glob, a list of them or {min:, max:}", found: value.kindText),
        at: value.place)
      return nil
    }
    if Glob.isGlob(text) { return .glob(Glob(text)) }
    let valid: [String]
    switch axis {
    case Axis.dataset: valid = datasetNames
    case Axis.backbone: valid = BackboneCatalogue.all.map(\.name)
    case Axis.initialisation:
      guard isPossible(InitialisationSpec(text)) else {
        faults.add(.matchesNothing(name: axis, value: text, valid: InitialisationSpec.forms), at: value.place)
        return nil
      }
      return .value(.string(text))
    default:
      if let number = value.number { return .value(.number(number)) }
      if axis == Axis.fraction || axis == Axis.seed {
        faults.add(.wrongType(name: axis, expected: "a number", found: value.kindText), at: value.place)
        return nil
      }
      return .value(.string(text))
    }
    guard valid.contains(text) else {
      faults.add(.matchesNothing(name: axis, value: text, valid: valid), at: value.place)
      return nil
    }
    return .value(.string(text))
  }
}
