/// Reads `rules`, `exclude`, and the conditions of axes.
struct ConditionReader {
  /// Rules of a study, and exclusions.
  static let ruleLimit = 1_000
  /// Patterns of one condition, and letters of one.
  private static let patternLimit = 1_000

  let faults: FaultCollector
  let datasetNames: DatasetNames
  /// The axes of the study beyond those that every study has; nil where they are not known.
  private let furtherAxes: [String]?
  private let axisNames: Set<String>
  /// The axes that every cell of some block has.
  private let unconditional: Set<String>
  /// The backbones of the study; empty where they are not known.
  private let backbones: [Backbone]

  /// For conditions of axes, or of a study that is not known.
  ///
  /// - Parameter furtherAxes: The names of the axes that conditions may ask of beside the fixed ones; nil: none, and asking of
  ///   one is no fault.
  init(faults: FaultCollector, datasetNames: DatasetNames, furtherAxes: [String]?) {
    self.faults = faults
    self.datasetNames = datasetNames
    self.furtherAxes = furtherAxes
    axisNames = Set(Axis.fixed + (furtherAxes ?? []))
    unconditional = []
    backbones = []
  }

  /// For the rules and exclusions of a study with these blocks.
  init(faults: FaultCollector, datasetNames: DatasetNames, blocks: [Block]) {
    self.faults = faults
    self.datasetNames = datasetNames
    let axes = blocks.flatMap(\.axes)
    var names: [String] = []
    var seen = Set(Axis.fixed)
    for axis in axes where seen.insert(axis.name).inserted { names.append(axis.name) }
    furtherAxes = blocks.isEmpty ? nil : names
    axisNames = seen
    unconditional = Set(axes.filter(\.cases.isEmpty).map(\.name))
    var known: Set<String> = []
    backbones = axes.filter { $0.name == Axis.backbone }.flatMap(\.values)
      .filter { known.insert($0.text).inserted }.compactMap { BackboneCatalogue.named($0.text) }
  }

  func rules(_ value: YAMLValue, training: TrainingReader) -> [Rule] {
    guard let values = value.list else {
      faults.add(.wrongType(name: "rules", expected: "a list", found: value.kindText), at: value.place)
      return []
    }
    return bounded(values, "rules", at: value.place).compactMap { rule($0, training: training) }
  }

  func exclusions(_ value: YAMLValue) -> [Condition] {
    guard let values = value.list else {
      faults.add(.wrongType(name: "exclude", expected: "a list", found: value.kindText), at: value.place)
      return []
    }
    return bounded(values, "exclusions", at: value.place).compactMap { condition($0, name: "exclude") }
  }

  /// Every cell is held against every one of them, so there may not be any number.
  private func bounded(_ values: [YAMLValue], _ what: String, at place: Place) -> [YAMLValue] {
    guard values.count > Self.ruleLimit else { return values }
    faults.add(.tooMany(what: what, count: "\(values.count)", limit: Self.ruleLimit), at: place)
    return []
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
        if unconditional.contains(member.name) { faults.add(.ruleSetsAxis(name: member.name), at: member.place) }
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
    for member in members {
      guard axisNames.contains(member.name) else {
        // Without a grid the further axes are not known, so only they could be meant.
        if furtherAxes != nil || !member.name.hasPrefix(Axis.trainingPrefix) {
          faults.add(
            .unknownName(what: "axis", name: member.name, valid: Axis.fixed + (furtherAxes ?? [])), at: member.place)
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
      return alternatives(values, axis: member.name)
    case .null, .bool, .number, .string: return alternatives([member.value], axis: member.name)
    }
  }

  /// Values and patterns, any of which is meant; nil where there are none or one is wrong.
  private func alternatives(_ values: [YAMLValue], axis: String) -> Condition.Matcher? {
    var alternatives = Condition.Alternatives()
    var isRight = !values.isEmpty
    for value in values where !add(value, axis: axis, to: &alternatives) { isRight = false }
    if alternatives.globs.count > Self.patternLimit {
      faults.add(
        .tooMany(what: "patterns", count: "\(alternatives.globs.count)", limit: Self.patternLimit), at: values[0].place)
      return nil
    }
    return isRight ? .anyOf(alternatives) : nil
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
  private func isPossible(_ initialisation: InitialisationSpec) -> Bool {
    backbones.isEmpty || backbones.contains { initialisation.resolved(on: $0) != nil }
  }

  /// Adds a value or pattern; false where it is wrong, with its fault recorded.
  private func add(_ value: YAMLValue, axis: String, to alternatives: inout Condition.Alternatives) -> Bool {
    guard let text = value.scalarText else {
      faults.add(
        .wrongType(name: axis, expected: "a value, a glob, a list of them or {min:, max:}", found: value.kindText),
        at: value.place)
      return false
    }
    if Glob.isGlob(text) {
      guard text.utf8.count <= Self.patternLimit else {
        faults.add(
          .tooMany(what: "letters in a pattern", count: "\(text.utf8.count)", limit: Self.patternLimit),
          at: value.place)
        return false
      }
      alternatives.globs.append(Glob(text))
      return true
    }
    var valid: [String]?
    switch axis {
    case Axis.dataset: valid = datasetNames.contains(text) ? nil : datasetNames.all
    case Axis.backbone: valid = BackboneCatalogue.named(text) == nil ? BackboneCatalogue.all.map(\.name) : nil
    case Axis.initialisation:
      if let initialisation = InitialisationSpec(text), isPossible(initialisation) {
        alternatives.initialisations.append(initialisation)
      } else {
        valid = InitialisationSpec.forms
      }
    default:
      if let number = value.number {
        alternatives.values.insert(.number(number))
        return true
      }
      if axis == Axis.fraction || axis == Axis.seed {
        faults.add(.wrongType(name: axis, expected: "a number", found: value.kindText), at: value.place)
        return false
      }
      if case .bool(let flag) = value.content { alternatives.values.insert(.bool(flag)) }
    }
    if let valid {
      faults.add(.matchesNothing(name: axis, value: text, valid: valid), at: value.place)
      return false
    }
    alternatives.values.insert(.string(text))
    return true
  }
}
