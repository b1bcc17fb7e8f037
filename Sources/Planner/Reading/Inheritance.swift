/// What a study makes of the file that it extends: a member given again replaces the base's, a member left empty takes it
/// away, and what a member is depends on the section.
struct Inheritance {
  static let section = "extends"
  /// Sections that are lists in which order counts: `{append: [...]}` adds to them.
  static let lists = ["blocks", "rules", "exclude"]
  static let append = "append"

  let faults: FaultCollector

  /// The base's sections with the study's own put over them.
  func merged(_ own: YAMLValue, over base: YAMLValue) -> YAMLValue {
    var sections = (withoutAppending(base).members ?? []).filter { $0.name != "study" }
    for member in own.members ?? [] {
      guard let index = sections.firstIndex(where: { $0.name == member.name }) else {
        sections.append(member)
        continue
      }
      if case .null = member.value.content {
        sections.remove(at: index)
      } else {
        sections[index] = section(member, over: sections[index])
      }
    }
    return YAMLValue(content: .mapping(sections), place: own.place, text: "")
  }

  private func section(_ own: YAMLMember, over base: YAMLMember) -> YAMLMember {
    guard let new = own.value.members else { return own }
    if Self.lists.contains(own.name) {
      guard let list = base.value.list, let added = added(new) else { return own }
      return Self.member(own, .list(list + added), at: own.value.place)
    }
    guard let old = base.value.members else { return own }
    let members: [YAMLMember]
    switch own.name {
    case "axes", "weights", "resources", "report": members = Self.put(new, over: old)
    case "training": members = Self.put(Self.options(new), over: Self.options(old))
    case "datasets": members = Self.put(new, over: old, Self.dataset)
    default: return own
    }
    return Self.member(own, .mapping(members), at: own.value.place)
  }

  /// Members by name, the new ones in the places of those that they replace.
  private static func put(
    _ new: [YAMLMember], over old: [YAMLMember],
    _ both: (_ own: YAMLMember, _ base: YAMLMember) -> YAMLMember = { own, _ in own }
  ) -> [YAMLMember] {
    var members: [YAMLMember?] = old
    var positions = Dictionary(old.enumerated().map { ($1.name, $0) }) { first, _ in first }
    for member in new {
      let position = positions[member.name]
      if case .null = member.value.content {
        if let position { members[position] = nil }
        positions[member.name] = nil
      } else if let position, let present = members[position] {
        members[position] = both(member, present)
      } else {
        members.append(member)
      }
    }
    return members.compactMap { $0 }
  }

  /// A data set's options over those of the base, unless it lies in another format.
  private static func dataset(_ own: YAMLMember, over base: YAMLMember) -> YAMLMember {
    guard let new = own.value.members, let old = base.value.members else { return own }
    if let format = format(new), format != (self.format(old) ?? base.name) { return own }
    return member(own, .mapping(put(new, over: old)), at: own.value.place)
  }

  private static func format(_ members: [YAMLMember]) -> String? {
    members.first { $0.name == "format" }?.value.text
  }

  /// Training options by their dotted names, however they are nested.
  private static func options(_ members: [YAMLMember], below prefix: String = "") -> [YAMLMember] {
    members.flatMap { member -> [YAMLMember] in
      let name = prefix + member.name
      let isGroup = TrainingOption.named(name) == nil && TrainingOption.all.contains { $0.name.hasPrefix(name + ".") }
      if isGroup, let inner = member.value.members { return options(inner, below: name + ".") }
      return [YAMLMember(name: name, place: member.place, value: member.value)]
    }
  }

  /// The document with each `{append: [...]}` that has nothing to be added to as the list that it is.
  func withoutAppending(_ document: YAMLValue) -> YAMLValue {
    guard let members = document.members else { return document }
    let sections = members.map { member -> YAMLMember in
      guard Self.lists.contains(member.name), let new = member.value.members, let added = added(new) else {
        return member
      }
      return Self.member(member, .list(added), at: member.value.place)
    }
    return YAMLValue(content: .mapping(sections), place: document.place, text: "")
  }

  /// The list of `{append: [...]}`; nil where the mapping is something else, which is told where the section is read.
  func added(_ members: [YAMLMember]) -> [YAMLValue]? {
    guard members.count == 1, let only = members.first, only.name == Self.append else { return nil }
    guard let list = only.value.list else {
      faults.add(.wrongType(name: Self.append, expected: "a list", found: only.value.kindText), at: only.value.place)
      return []
    }
    return list
  }

  private static func member(_ old: YAMLMember, _ content: YAMLValue.Content, at place: Place) -> YAMLMember {
    YAMLMember(name: old.name, place: old.place, value: YAMLValue(content: content, place: place, text: ""))
  }
}

extension Inheritance {
  /// A file's values with its relative paths as they are seen from the study's folder.
  ///
  /// - Parameter folder: The file's own, as seen from there; empty where it is the same.
  static func moved(_ document: YAMLValue, to folder: String) -> YAMLValue {
    if folder.isEmpty { return document }
    return changing(document) { section in
      switch section.name {
      case "data": path(section.value, in: folder)
      case "weights":
        changing(section.value) { source in
          changing(source.value) { $0.name == "file" ? path($0.value, in: folder) : $0.value }
        }
      case "analyses": analyses(section.value, in: folder)
      case "blocks": blocks(section.value, in: folder)
      default: section.value
      }
    }
  }

  private static func blocks(_ value: YAMLValue, in folder: String) -> YAMLValue {
    if value.members != nil {
      return changing(value) { $0.name == append ? blocks($0.value, in: folder) : $0.value }
    }
    return changingElements(value) { block in
      changing(block) { $0.name == "analyses" ? analyses($0.value, in: folder) : $0.value }
    }
  }

  private static func analyses(_ value: YAMLValue, in folder: String) -> YAMLValue {
    changingElements(value) { analysis in
      changing(analysis) { $0.name == "statistics" ? path($0.value, in: folder) : $0.value }
    }
  }

  private static func path(_ value: YAMLValue, in folder: String) -> YAMLValue {
    guard let text = value.scalarText, !text.isEmpty else { return value }
    return YAMLValue(content: .string, place: value.place, text: DatasetsReader.joined(folder, text))
  }

  private static func changing(_ value: YAMLValue, _ change: (YAMLMember) -> YAMLValue) -> YAMLValue {
    guard let members = value.members else { return value }
    let changed = members.map { YAMLMember(name: $0.name, place: $0.place, value: change($0)) }
    return YAMLValue(content: .mapping(changed), place: value.place, text: "")
  }

  private static func changingElements(_ value: YAMLValue, _ change: (YAMLValue) -> YAMLValue) -> YAMLValue {
    guard let values = value.list else { return value }
    return YAMLValue(content: .list(values.map(change)), place: value.place, text: "")
  }
}
