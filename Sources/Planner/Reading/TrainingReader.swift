/// Reads training options, nested or by dotted names.
struct TrainingReader {
  let faults: FaultCollector
  /// What stands before an option's name where it is given: `training.` in a rule.
  var shownPrefix = ""

  /// The options given, by dotted name.
  func changes(_ value: YAMLValue) -> [String: OptionChange] {
    guard let members = value.members else {
      if case .null = value.content { return [:] }
      faults.add(.wrongType(name: "training", expected: "a mapping", found: value.kindText), at: value.place)
      return [:]
    }
    var changes: [String: OptionChange] = [:]
    read(members, below: "", into: &changes)
    return changes
  }

  /// Reads the members of a mapping whose own dotted name is `prefix` (with its dot, or empty).
  func read(_ members: [YAMLMember], below prefix: String, into changes: inout [String: OptionChange]) {
    for member in members {
      let name = prefix + member.name
      if let option = TrainingOption.named(name) {
        if changes[name] != nil { faults.add(.repeatedValue(name: "training", value: name), at: member.place) }
        if let value = ShapeReader(faults: faults).read(member.value, as: option.shape, name: name) {
          changes[name] = OptionChange(value: value, place: member.value.place)
        }
        continue
      }
      let isGroup = TrainingOption.all.contains { $0.name.hasPrefix(name + ".") }
      if isGroup, let inner = member.value.members {
        read(inner, below: name + ".", into: &changes)
      } else if isGroup {
        faults.add(
          .wrongType(name: name, expected: "a mapping", found: member.value.kindText), at: member.value.place)
      } else {
        let valid = TrainingOption.all.map(\.name).filter { $0.hasPrefix(prefix) }
        let groups = Set(valid.compactMap { $0.split(separator: ".").dropLast().first.map(String.init) }).sorted()
        let isGroupMeant =
          prefix.isEmpty && member.value.members != nil && NearestName.of(name, among: groups) != nil
        faults.add(
          .unknownName(
            what: "training option", name: shownPrefix + name,
            valid: (isGroupMeant ? groups : valid).map { shownPrefix + $0 }),
          at: member.place)
      }
    }
  }
}
