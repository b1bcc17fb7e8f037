/// Values given on the command line, put into the study's text as if they stood there.
enum Overrides {
  /// The document with every assignment made, in order.
  static func applied(
    _ overrides: [(name: String, value: String)], to document: YAMLValue, faults: FaultCollector,
    option: String = "--set"
  ) -> YAMLValue {
    var document = document
    for (name, text) in overrides {
      let place = Place.override("\(option) \(name)=\(text)")
      let path = path(name)
      guard path.allSatisfy({ !$0.isEmpty }), path.count <= YAMLText.depthLimit else {
        faults.add(.overrideOfNothing(name: name, reason: "a name is words joined by dots"), at: place)
        continue
      }
      guard text.utf8.count <= YAMLText.sizeLimit else {
        faults.add(.tooLarge(bytes: text.utf8.count, limit: YAMLText.sizeLimit), at: place)
        continue
      }
      var reading = YAMLText(environment: [:], faults: faults, fixedPlace: place)
      let dollarFree = text.replacing("$", with: "$$")
      guard let value = reading.document(dollarFree.isEmpty ? "\"\"" : dollarFree) else { continue }
      switch Assignment(value: value, place: place, faults: faults).made(at: path[...], in: document) {
      case .made(let assigned): document = assigned
      case .inTheWay(let reason): faults.add(.overrideOfNothing(name: name, reason: reason), at: place)
      }
    }
    return document
  }

  /// The words of a name. What stands behind `axes` is the name of one axis, dots and all.
  private static func path(_ name: String) -> [String] {
    let words = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let axes = words.firstIndex(of: "axes"), axes + 1 < words.count, axes == 0 || words[0] == "blocks" else {
      return words
    }
    return words[...axes] + [words[(axes + 1)...].joined(separator: ".")]
  }
}

/// One value put into a document.
private struct Assignment {
  enum Outcome {
    case made(YAMLValue)
    case inTheWay(String)
  }

  let value: YAMLValue
  let place: Place
  let faults: FaultCollector

  /// The value with the one at the path replaced, mappings made where there are none. A word leads to the member of that
  /// name; in a list, to the element of that `name`, or of that number from 0.
  func made(at path: ArraySlice<String>, in present: YAMLValue?) -> Outcome {
    guard let word = path.first else { return .made(value) }
    switch present?.content {
    case .mapping(let members): return made(at: path, word, inMapping: members, of: present)
    case .null, nil: return made(at: path, word, inMapping: [], of: present)
    case .list(let values): return made(at: path, word, inList: values, of: present)
    case .bool, .number, .string: return .inTheWay("the study has a value there, not a mapping")
    }
  }

  private func made(
    at path: ArraySlice<String>, _ word: String, inMapping members: [YAMLMember], of present: YAMLValue?
  ) -> Outcome {
    var members = members
    // A dotted key (`training.optimizer.lr` as an axis) is one name.
    let whole = path.joined(separator: ".")
    let isWhole = path.count == 1 || members.contains { $0.name == whole }
    let name = isWhole ? whole : word
    let index = members.firstIndex { $0.name == name }
    if isWhole {
      if case .null = value.content {
        // Nothing is as good as left out.
        if let index { members.remove(at: index) }
      } else {
        let new = appended(to: index.map { members[$0].value }, of: name)
        let member = YAMLMember(name: name, place: place, value: new)
        if let index { members[index] = member } else { members.append(member) }
      }
    } else {
      switch made(at: path.dropFirst(), in: index.map { members[$0].value }) {
      case .inTheWay(let reason): return .inTheWay(reason)
      case .made(let inner):
        let member = YAMLMember(name: name, place: index.map { members[$0].place } ?? place, value: inner)
        if let index { members[index] = member } else { members.append(member) }
      }
    }
    return .made(YAMLValue(content: .mapping(members), place: present?.place ?? place, text: ""))
  }

  private func made(
    at path: ArraySlice<String>, _ word: String, inList values: [YAMLValue], of present: YAMLValue?
  ) -> Outcome {
    let named = values.firstIndex { $0.members?.contains { $0.name == "name" && $0.value.text == word } ?? false }
    guard let index = named ?? Int(word), values.indices.contains(index) else {
      return .inTheWay(
        "the study has a list of \(values.count) there, and none of it is called \(Fault.quoted(word)) or has that number"
      )
    }
    var values = values
    switch made(at: path.dropFirst(), in: values[index]) {
    case .inTheWay(let reason): return .inTheWay(reason)
    case .made(let inner): values[index] = inner
    }
    return .made(YAMLValue(content: .list(values), place: present?.place ?? place, text: ""))
  }

  /// The value, or the list that is there with the value's own behind it where that is `{append: [...]}`.
  private func appended(to present: YAMLValue?, of name: String) -> YAMLValue {
    guard Inheritance.lists.contains(name), let list = present?.list, let members = value.members,
      let added = Inheritance(faults: faults).added(members)
    else { return value }
    return YAMLValue(content: .list(list + added), place: place, text: "")
  }
}
